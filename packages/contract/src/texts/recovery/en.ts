import type { Messages } from '../catalogue.ts';

export const en = {
  'recovery.begins': '{problem} {step}',
  'recovery.checking': 'Being checked; it may come back by itself.',
  'recovery.restarting': 'It was started by Comfleet and is being restarted.',
  'recovery.advised':
    'Please restart ComfyUI by hand; check its firewall and port. It is used again as soon as it answers.',
  'recovery.down':
    'Still down: please restart ComfyUI by hand; check its firewall and port. It is used again as soon as it answers.',
  'recovery.accept':
    'If that is meant, accept it: comfleet workers accept NAME. Otherwise start the former one again.',
  'recovery.update': 'Please update ComfyUI.',
  'recovery.check_address': 'Please check the address of the worker.',
  'recovery.check_login':
    'Please give its login: auth in config.yaml, or comfleet workers set NAME --user NAME --password-env VARIABLE.',
  'recovery.check_proxy': 'Please check that ComfyUI runs and that the proxy has its address.',
  'recovery.by_itself': 'It is used as soon as that is put right.',

  'problem.found': 'The worker cannot be used: {found}.',
  'problem.unusable': 'The worker cannot be used; comfleet workers list says why.',
  'problem.refused': 'The connection to ComfyUI was refused.',
  'problem.unreachable': 'The machine of ComfyUI could not be reached.',
  'problem.timeout': 'The connection to ComfyUI failed: no answer within {ms} ms.',
  'problem.bad_status': 'ComfyUI gave a bad answer: HTTP status {status}.',
  'problem.invalid_body': 'Something answers on the address, but it is not ComfyUI.',
  'problem.other_process': 'Another ComfyUI than ours answers on the address.',
  'problem.other_server': 'Another ComfyUI than before answers on the address ({differences}).',
  'problem.too_old': 'ComfyUI {version} is older than {floor}.',
  'problem.stuck': 'ComfyUI answers but runs nothing; {pending} prompts wait.',
  'problem.gone': 'ComfyUI ended: {reason}.',
  'problem.failed': 'The connection to ComfyUI failed: {reason}.',
  'problem.ok': 'ComfyUI answers again.',

  'check.certificate': {
    by: 'problem',
    cases: {
      self_signed:
        'the certificate of {host} is self-signed: if it is yours, name it as tls.ca_file in config.yaml (or --ca-file)',
      unknown_issuer:
        'the certificate of {host} is from an authority that is not trusted here: name that authority’s certificate as tls.ca_file in config.yaml (or --ca-file)',
      expired: 'the certificate of {host} has expired: renew it',
      not_yet_valid: 'the certificate of {host} is not valid yet: check the clocks of both machines',
      wrong_name: 'the certificate is not for {host} but for {names}: use a name that stands in it',
      no_tls: '{host} does not speak https on this port: write http:// or another port',
      other: 'the certificate of {host} is not accepted ({code})',
    },
  },
  'check.login': {
    by: 'login',
    cases: {
      sent: 'the login was refused (HTTP status {status}): check user name and password, or the token',
      other: 'it asks for a login (HTTP status {status}): give user name and password, or a token',
    },
  },
  'check.needs_https': 'the port expects https: write https:// in the address',
  'check.proxy': 'a proxy answers, but it does not reach ComfyUI (HTTP status {status})',
  'check.redirected': 'it sends us to {to}: a login page, or the address has changed',
  'check.web_page': 'a web page answers instead of ComfyUI’s data: a login page, or a wrong path',

  'service.no_workers': 'no worker is known',
  'service.workers_offline': 'none of {total} workers is online',
  'service.workers_down': {
    by: 'total',
    cases: {
      one: 'the only worker is not online. {problems}',
      other: 'none of {total} workers is online. {problems}',
    },
  },
  'service.worker_down': 'Since {since}: {problem} {step}',

  'worker.same_as': 'the same ComfyUI as {name}, which is used instead',

  'problem.broken': 'the connection broke',
  'exit.sigkill': 'ended by SIGKILL: by hand, or by the system when memory ran out',
  'exit.signal': 'ended by {signal}',
  'exit.unknown': 'ended while it was not our child; its exit code is unknown',
  'exit.code': 'ended with exit code {code}',
  'exit.hung': 'was ended: {reason}',
  'exit.by_request': 'stopped by request',
  'exit.restarting': 'is being restarted',
  'exit.not_started': 'could not be started: {reason}',
  'exit.silent': 'did not answer within {seconds} s and was ended',
  'exit.port_taken': 'port {port} was taken by another program: {reason}',
  'exit.no_process': 'has no process',
  'difference.entry': 'started as {now}, before {before}',
  'difference.flag': '{flag} {now}, before {before}',
  'difference.not_given': 'not given',
} as const satisfies Messages;
