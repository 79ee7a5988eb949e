import type { Messages } from '../catalogue.ts';

/** Problems of a value. Schemas use the sentences without parameters as their messages. */
export const en = {
  'kind.string': 'text',
  'kind.int': 'a whole number',
  'kind.number': 'a number',
  'kind.boolean': 'true or false',
  'kind.array': 'a list',
  'kind.object': 'keys with values',
  'kind.null': 'null',

  'value.missing': 'a value is required',
  'value.kind': 'expected {kind}',
  'value.from_to': 'expected {kind} from {min} to {max}',
  'value.from': 'expected {kind} of at least {min}',
  'value.to': 'expected {kind} of at most {max}',
  'value.above': 'expected {kind} greater than {min}',
  'value.below': 'expected {kind} less than {max}',
  'value.multiple': 'expected a multiple of {step}',
  'value.empty': 'expected text that is not empty',
  'value.too_short': 'expected at least {count} characters',
  'value.too_long': 'expected at most {count} characters',
  'value.too_few': {
    by: 'count',
    cases: { one: 'expected at least 1 entry', other: 'expected at least {count} entries' },
  },
  'value.too_many': {
    by: 'count',
    cases: { one: 'expected at most 1 entry', other: 'expected at most {count} entries' },
  },
  'value.one_of': 'expected one of {values}',
  'value.one_of_near': 'expected one of {values}; did you mean "{nearest}"?',
  'value.in_quotes': 'expected text; put the value in quotes',
  'value.unknown_key': 'unknown key; known here: {known}',
  'value.unknown_key_near': 'unknown key; did you mean "{nearest}"?',
  'value.unknown_keys': 'unknown fields: {keys}',
  'value.form': 'expected text of the form {pattern}',
  'value.either': '{first}, or {second}',
  'value.example': '{expected}, for example {example}',
  'value.no_nul': 'expected text without the character NUL',
  'value.one_line': 'expected one line of text without control characters',
  'value.other': 'this value is not valid',

  'value.header_line': 'expected one line of text',
  'value.header_name': 'expected the name of a header',
  'value.many_headers': 'at most 20 headers',
  'value.own_header': 'Host, Connection, Content-… and the like are set by Comfleet itself',
  'value.user_name': 'a user name has no colon',
  'value.certificate': 'expected a certificate in PEM: -----BEGIN CERTIFICATE-----',
  'value.certificate_unreadable': 'holds no certificate that can be read',
  'value.task_type': 'expected the name of a task type',
  'value.label': 'expected letters, digits and . : / = _ -',
  'value.worker_name': 'a worker needs a name',
  'value.url': 'expected an address, for example http://10.0.0.5:8188',
  'value.worker_url': 'expected http://host:port without query or credentials',
  'value.reserved_address':
    'expected the address of a ComfyUI; this one is reserved, for example for metadata of a cloud',
  'value.uuid': 'expected a lowercase UUID',
  'value.idempotency_key': 'expected 1 to 255 visible ASCII characters',
  'value.cursor': 'not a cursor that a page gave',
  'value.day': 'expected a day, such as 2026-01-31',
  'value.time': 'expected ISO 8601, such as 2026-01-31T12:00:00Z, or seconds since 1970',
  'value.time_limit': 'expected 0 for no limit, or at least 0.001 seconds',
  'value.path': 'expected at most 1024 bytes, and at most 255 in each name',

  'field.status': 'unknown status "{status}"; known: {known}',
  'field.graph_or_workflow': 'send either graph or workflow_name, not both',
  'field.graph_type': 'a graph has the type custom',
  'field.graph_parameters': 'a graph takes no parameters',
  'field.graph_no_prompt': 'a graph has no prompt; send tasks with updates',
  'field.graph_seeds': 'a graph’s seeds are as written; change them with updates',
  'field.name_workflow': 'name a workflow or a task_type, or send a graph',
  'field.tasks_or_descriptions': 'send tasks, or descriptions with images_per_description',
  'field.not_both': 'send either tasks or descriptions, not both',
  'field.with_descriptions': 'goes with descriptions, not with tasks',
  'field.image_or_path': 'send either image or image_path, not both',
  'field.file_missing': 'missing',
  'field.file_field': 'unknown; the picture is sent in the field file',
  'field.one_file': 'a second file; send one file in a request',

  'reason.no_json': 'the body is not JSON',
  'reason.forbidden_name': 'the body has a name that is not allowed, such as __proto__',
  'reason.unknown_host':
    'the server does not know the host name of this request; add it to server.allowed_hosts or set server.public_url',
  'reason.many_bodies':
    'too many large requests come at the same time (limits.open_body_bytes); send fewer at once',
  'reason.too_large': 'more than {limit} ({setting})',
  'reason.file_too_large': 'the file is larger than {limit} bytes',
  'reason.form': 'the form ends early or is malformed',
  'reason.link': 'this link is not valid any more; ask for the task again',
  'reason.empty_batch': 'a batch needs tasks or descriptions',
  'reason.large_batch': 'the batch has {tasks} tasks; at most {limit} are allowed',
  'reason.many_nodes': 'the graph has {nodes} nodes; at most {limit} are allowed (limits.graph_nodes)',
  'reason.pixels': 'the picture is {width} × {height}; at most {limit} pixels are allowed',
  'reason.frames': 'the picture is animated with {frames} frames; at most {limit} are allowed',
  'reason.owned':
    '{worker} belongs to {owner}; change it there. Drain, maintenance and enabled can be set here',
  'owner.file': '{file}',
  'owner.start': 'the environment or command line of the server',
  'owner.instance': 'the ComfyUI process that the server started',
  'owner.simulated': 'this start of the server, as nothing real was there',
  'reason.in_use': 'used already by {name} ({url})',

  'quota.tasks_per_day': {
    by: 'whose',
    cases: {
      project:
        'the project may have {limit} tasks a day: {used} were accepted today, and this asks for {asked} more; the count begins again at midnight',
      other:
        'you may have {limit} tasks a day: {used} were accepted today, and this asks for {asked} more; the count begins again at midnight',
    },
  },
  'quota.tasks_total': {
    by: 'whose',
    cases: {
      project:
        'the project may have {limit} tasks: it has {used}, and this asks for {asked} more; ask an admin for more',
      other:
        'you may have {limit} tasks: you have {used}, and this asks for {asked} more; ask an admin for more',
    },
  },
  'quota.tasks_waiting': {
    by: 'whose',
    cases: {
      project:
        '{limit} tasks of the project may wait: {used} wait, and this asks for {asked} more; try again when some have ended',
      other:
        '{limit} of your tasks may wait: {used} wait, and this asks for {asked} more; try again when some have ended',
    },
  },
  'quota.upload_bytes_per_day':
    'you may upload {limit} bytes a day: {used} were uploaded today, and this asks for {asked} more; the count begins again at midnight',
  'quota.stored_bytes': {
    by: 'whose',
    cases: {
      project: 'files of the project may take {limit} bytes, and they take {used}; delete some',
      other: 'your files may take {limit} bytes, and they take {used}; delete some',
    },
  },
} as const satisfies Messages;
