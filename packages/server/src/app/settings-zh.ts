/** Chinese descriptions of the configuration's keys, by their English description. For docs/reference/config.zh-CN.md. */
export const DESCRIPTIONS_ZH: Readonly<Record<string, string>> = {
  'The HTTP server.': 'HTTP 服务器。',
  'Address to listen on. Only loopback unless changed.': '监听地址。默认只监听本机。',
  'Port to listen on; 0 takes a free one.': '监听端口；0 表示使用任意空闲端口。',
  'A browser stays signed in this long after its last visit.': '浏览器最后一次访问后，登录状态保持的时间。',
  'A client without a started task for this long has its first waiting task raised by one priority.':
    '客户端超过此时间没有任务开始时，其排在最前的任务提高一级优先级。',
  'A database server instead of the SQLite file.': '用数据库服务器代替 SQLite 文件。',
  'A disabled worker takes no work.': '已停用的工作节点不接任务。',
  'A running prompt that makes no progress for this long counts as hung and is moved; default never.':
    '运行中的任务超过此时间没有进展即视为卡死，并移到其他工作节点；默认永不。',
  'A single ComfyUI, and folders.': '单个 ComfyUI，以及目录。',
  'A task that asks for labels goes only to workers that have them all.':
    '指定标签的任务只分配给具备全部标签的工作节点。',
  'A task with paid nodes that was sent and may have run: ask a user before it is sent again, or allow it as for any other task.':
    '含付费节点的任务已发送且可能已运行时：ask 先询问用户再重新发送，allow 与其他任务一样直接重试。',
  "A worker's fault moves the task to another worker.": '工作节点出现故障时，任务移到其他工作节点。',
  'Address a started ComfyUI listens on; loopback only, as it has no login.':
    '由 Comfleet 启动的 ComfyUI 的监听地址；没有登录保护，因此只能是本机。',
  'Address of its ComfyUI, with the path where a proxy has it below one: `https://host/comfy`.':
    '其 ComfyUI 的地址；位于反向代理的某个路径下时包括该路径：`https://host/comfy`。',
  'Also listens here for signed datagrams of workers; usual is 8189. Off unless written; read at the start.':
    '另外在此端口接收工作节点签名的 UDP 数据报，通常为 8189。不填写则关闭；启动时读取。',
  'Who may register a client: anybody who reaches the server (open), whoever has an invitation (invite), or admins alone (admin, the default).':
    '谁可以注册客户端：任何能访问服务器的人（open）、持有邀请的人（invite），或仅管理员（admin，默认）。',
  'true means registration: open, false means registration: admin; registration comes first.':
    'true 等于 registration: open，false 等于 registration: admin；以 registration 为准。',
  'Anything worth showing: location, gpu_model …': '其他要显示的信息：location、gpu_model 等。',
  'Attempts after the first one.': '第一次执行之后的重试次数。',
  'Certificates that are accepted.': '接受哪些证书。',
  'Chinese of Taiwan; without it, as zh.': '繁体中文（台湾）；不填写则同 zh。',
  'Chinese.': '中文。',
  'Choice of a worker.': '如何选择工作节点。',
  'Class of the graph node.': '节点类型。',
  'ComfyUI processes that Comfleet starts itself.': '由 Comfleet 启动的 ComfyUI 进程。',
  'Database name.': '数据库名称。',
  'Database number.': '数据库编号。',
  'Deepest nesting of a JSON body.': 'JSON 请求正文的最大嵌套层数。',
  'Ended tasks and their events; 90 days.': '已结束的任务及其事件；默认 90 天。',
  'English.': '英文。',
  'Failed checks that make it offline; default 3.': '连续多少次检查失败后视为离线；默认 3。',
  'Finds the graph node by class, title or role; instead of node_id.':
    '按节点类型、标题或角色查找节点；用来代替 node_id。',
  'Folder of a ComfyUI to start and watch.': '要启动并监视的 ComfyUI 的目录。',
  'Folder of everything that is kept.': '保存所有数据的目录。',
  'Folder whose files image parameters may name; default data_dir/input.':
    '图片参数可以引用此目录中的文件；默认 data_dir/input。',
  'For people.': '给用户看的说明。',
  'For priority_based: 10 is taken first; default metadata.priority, else 5.':
    '用于 priority_based：优先使用 10；默认取 metadata.priority，否则为 5。',
  'For the strategy weighted: twice the weight, twice the tasks; default 1.':
    '用于 weighted：权重加倍，任务也加倍；默认 1。',
  'Further arguments for ComfyUI, such as --cpu.': 'ComfyUI 的其他启动参数，例如 --cpu。',
  'Further inputs that get the same value.': '写入相同值的其他输入。',
  'Further workflow definition files.': '其他工作流定义文件。',
  'Graph node whose input the value is written to.': '值写入此节点的输入。',
  'Graph node.': '节点。',
  'Graph nodes whose files are the result; others are secondary.':
    '这些节点的文件是主要结果，其他为次要结果。',
  'Groups of named parameter values.': '成组的预设参数值。',
  'Headers sent with every request; a value is the text, or `env: NAME`, or `file: PATH`.':
    '随每个请求发送的请求头；值为文本，或 `env: NAME`，或 `file: PATH`。',
  'Host names accepted in the Host header beside the own address and public_url.':
    '除自身地址和 public_url 外，Host 请求头中可接受的主机名。',
  'Host of a single ComfyUI; default 127.0.0.1.': '单个 ComfyUI 的主机；默认 127.0.0.1。',
  'Host of its ComfyUI.': '其 ComfyUI 的主机。',
  'How a worker is chosen; can be changed at run time.': '选择工作节点的策略；可在运行时更改。',
  'How long a start may take.': '启动的最长时间。',
  'How long a task may be overtaken in this way.': '任务这样被插队的最长时间。',
  'How long a worker may be offline before its running tasks move to another one; one whose port refuses connections has no process any more and is not waited for.':
    '工作节点离线多久后，其运行中的任务移到其他工作节点；端口拒绝连接表示进程已不存在，不再等待。',
  'How long things are kept.': '各类数据的保留时间。',
  'How many times warm tasks may overtake a task that needs a model load.':
    '模型已加载的任务最多可以插队多少次（相对于需要加载模型的任务）。',
  'How often it is stored that a process answers; 0 never.': '多久记录一次进程有响应；0 表示不记录。',
  "Instances' own folders; default data_dir/instances.": '各实例自己的目录；默认 data_dir/instances。',
  'It names a file of models: where no worker has the default, one of this kind is taken, told by its header or else by its name.':
    '该参数是模型文件：工作节点都没有默认模型时，改用同类模型，类别由文件头判断，否则由名称判断。',
  'Its input.': '该节点的输入。',
  'Its port; default 8188.': '其端口；默认 8188。',
  'JSON bodies of all requests that are not answered yet, together, half of it for one client; further large ones are told to wait.':
    '所有尚未响应的请求的 JSON 正文合计，单个客户端最多占一半；超出的大请求会被要求等待。',
  'Kind of value; without it, the kind of the value in the graph.': '值的类型；不填写则按节点图中的值判断。',
  'Largest JSON body.': 'JSON 请求正文的最大字节数。',
  'Largest body with a graph.': '含节点图的请求正文的最大字节数。',
  'Largest file through any door.': '任何接口上传文件的最大字节数。',
  'Largest number of connections.': '最大连接数。',
  'Largest number.': '最大值。',
  'Largest picture through the native door.': '原生接口上传图片的最大字节数。',
  'Largest result file; a larger one is left out, with a warning, or is the error of a task without another.':
    '结果文件的最大字节数；超过的文件不包含在结果中并给出警告，没有其他文件时任务失败。',
  'Life of a token.': '令牌的有效期。',
  'Limits.': '各项上限。',
  'Logs of started ComfyUIs; default data_dir/logs.':
    '由 Comfleet 启动的 ComfyUI 的日志；默认 data_dir/logs。',
  'Longest text, in characters.': '文本的最大字符数。',
  'Most bytes of all results of a task together; a file that does not fit into what is left is left out, with a warning, or is the error of a task without another. 0: as many as there are.':
    '一个任务全部结果的最大总字节数；放不下的文件不包含在结果中并给出警告，没有其他文件时任务失败。0 表示不限。',
  'Most items of one list, or members of one object, of a JSON body.':
    'JSON 请求正文中一个列表或对象的最大项数。',
  'Most nodes of a submitted graph.': '提交的节点图的最大节点数。',
  'Most problems of a submission that an answer lists; how many there are is told beside them.':
    '响应中最多列出多少处问题；总数另行给出。',
  'Most results of a task; the rest is left out, with a warning. Null: as many as there are, up to 25,000.':
    '一个任务的最大结果数；其余不包含在结果中并给出警告。null 表示不限，最多 25,000。',
  'Most tasks of this type on all workers together; null, the default, means no limit.':
    '此类型的任务在所有工作节点上合计的最大并发数；默认 null，不限。',
  'Most tasks sent to it at a time.': '同时发送给它的最大任务数。',
  'Most values of a JSON body: items of its lists and members of its objects, all together.':
    'JSON 请求正文的最大值个数：所有列表项和对象成员合计。',
  'Name for people.': '显示名称。',
  'Name in forms.': '表单中的名称。',
  'Name of the worker; unique.': '工作节点的名称，不能重复。',
  'Name; default its host and port.': '名称；默认为主机和端口。',
  'Named workflows by task type.': '按任务类型列出的命名工作流。',
  'Names of number parameters.': '数字参数的名称。',
  'Names that lead to workers. Not for static.': '指向工作节点的 DNS 名称。不用于 static。',
  'Numbers must be a multiple of this.': '数字须为此值的倍数。',
  'Open event streams of one client.': '一个客户端可打开的事件流数量。',
  'Origins of web pages that may open the live socket, beside our own.':
    '除自身页面外，可以打开实时连接的网页来源（Origin）。',
  'PEM of the authority, or of the certificate itself, that is trusted instead of the system’s.':
    '要信任的机构证书或证书本身（PEM），代替系统的证书。',
  'Password.': '密码。',
  'Port of every ComfyUI; not used for SRV.': '每个 ComfyUI 的端口；SRV 不使用。',
  'Port of its ComfyUI.': '其 ComfyUI 的端口。',
  'Port.': '端口。',
  'Port; default 3306 for mysql, 5432 for postgres.': '端口；mysql 默认 3306，postgres 默认 5432。',
  'Ports for started ComfyUIs.': '由 Comfleet 启动的 ComfyUI 使用的端口范围。',
  'Previews asked for with each prompt where the worker takes that (ComfyUI 0.5.0), whatever its command line says; default leaves it to the worker.':
    '随任务请求的预览方式，工作节点支持时（ComfyUI 0.5.0 起）生效，与其命令行无关；default 由工作节点决定。',
  'Priority of its tasks that ask for none, 10 first; default 5.':
    '未指定优先级的任务的优先级，10 最先；默认 5。',
  "Python for it; default the folder's own, else python3.":
    '使用的 Python；默认为该目录自带的，否则为 python3。',
  'Queue on Redis. Not built yet: the embedded queue runs, with a warning.':
    '基于 Redis 的队列。尚未实现：使用内置队列并给出警告。',
  'Requests need a token. Off only on loopback: everybody there acts as the local client.':
    '请求需要令牌。只有仅监听本机时才能关闭：此时所有请求都视为本机客户端。',
  'Result files; null keeps them until deleted.': '结果文件；null 表示保留到手动删除。',
  'Round the product to the nearest whole number.': '乘积四舍五入为整数。',
  'SQLite: the file; default data_dir/comfleet.db.': 'SQLite 的文件；默认 data_dir/comfleet.db。',
  'SRV gives hosts and ports, and its priority the group; A and AAAA give addresses.':
    'SRV 提供主机和端口，其优先级决定分组；A 和 AAAA 提供地址。',
  'Samplers that keep their seed and prompt when there is no parameter_mapping.':
    '没有 parameter_mapping 时，保留自身种子和提示词的采样器。',
  'Seconds a check may take; default 2 for an idle worker, 10 for a busy one.':
    '一次检查的最长秒数；空闲的工作节点默认 2，忙碌的默认 10。',
  'Seconds between checks; default 5.': '两次检查之间的秒数；默认 5。',
  'Seconds between look-ups.': '两次 DNS 查询之间的秒数。',
  'Seconds between the announcements of a registered worker.': '已注册的工作节点两次上报之间的秒数。',
  'Seconds between two looks at what a worker can run: node classes and model files.':
    '两次获取工作节点的节点类型和模型文件之间的秒数。',
  'Seconds that a run may be without progress: from 0.001; 0 means no limit. timeout_seconds of a workflow or a task limits the whole run instead.':
    '运行可以没有进展的秒数，最小 0.001；0 表示不限。工作流或任务的 timeout_seconds 改为限制整个运行时间。',
  'Seconds that a worker without a record stays, drained, before it leaves the fleet.':
    '没有 DNS 记录的工作节点在排空状态下保留多少秒后移出集群。',
  'Seconds that the whole run of a task may take, waiting excluded: from 0.001; 0 means no limit. Without it comfyui.timeout holds.':
    '任务整个运行的最长秒数，不含排队，最小 0.001；0 表示不限。不填写则使用 comfyui.timeout。',
  'Seconds without an answer after which a busy worker is offline; default 30.':
    '忙碌的工作节点多少秒没有响应后视为离线；默认 30。',
  'Seconds without announcement and without an answer after which it leaves the fleet.':
    '既不上报也不响应多少秒后移出集群。',
  'Server.': '服务器。',
  'Shared secret with which workers register themselves, 32 characters or more. Not for static.':
    '工作节点自行注册使用的共享密钥，至少 32 个字符。不用于 static。',
  'Signs links. Without it a random one is made once and kept in data_dir/secrets.json.':
    '用于签名链接。不填写则生成一次随机密钥，保存在 data_dir/secrets.json 中。',
  'Smallest number.': '最小值。',
  'Task types it takes; empty means all.': '可执行的任务类型；空表示全部。',
  'That input.': '该输入。',
  'The address people use, when a proxy stands in front; absolute links are built from it.':
    '前面有反向代理时，用户访问的地址；绝对链接由它生成。',
  "The author's label; quote it, as YAML reads 1.10 as 1.1.":
    '作者标注的版本；请加引号，否则 YAML 会把 1.10 读成 1.1。',
  'The graph in API format.': 'API 格式的节点图。',
  'The graphs of all tasks of a batch, together.': '一个批次中所有任务的节点图合计的字节数。',
  'The least that is written.': '写入的最低级别。',
  'The log.': '日志。',
  'The login that its proxy asks for; `https://user:password@host` in url means the same.':
    '其反向代理要求的登录信息；url 中写成 `https://user:password@host` 效果相同。',
  'The name that is looked up.': '要查询的名称。',
  'The only values allowed.': '只允许这些值。',
  'The parameters, in the order in which a form shows them.': '参数，按表单中的显示顺序。',
  'The request must have a value.': '请求必须提供值。',
  'The text node that a sampler uses as positive or negative prompt.':
    '采样器用作正向或反向提示词的文本节点。',
  'The value is the product of other parameters.': '值为其他参数的乘积。',
  'Title in two languages.': '多种语言的标题。',
  'Title of the graph node, as in _meta.title.': '节点的标题，即 _meta.title。',
  'Uploads that no task uses; 7 days.': '没有任务使用的上传文件；默认 7 天。',
  'Used when a request names no workflow.': '请求未指定工作流时使用。',
  'Used when the request has no value.': '请求未提供值时使用。',
  'User.': '用户。',
  'Waiting tasks of one client; more are refused with 429.': '一个客户端排队中的任务数；超出时以 429 拒绝。',
  'What an accepted task survives with SQLite: loss of power, or only the end of the process (faster).':
    '使用 SQLite 时，已接受的任务能承受什么：断电（power），或仅进程结束（process，更快）。',
  'What it makes.': '生成什么。',
  'What unknown parameters of a request do: refused (strict, default), a warning, or nothing.':
    '请求中的未知参数如何处理：拒绝（strict，默认）、警告（lenient）或忽略（allow）。',
  'When a worker counts as offline.': '何时视工作节点为离线。',
  'Where readable copies of results appear; default data_dir/outputs.':
    '结果的可读副本存放的位置；默认 data_dir/outputs。',
  'Where workers come from: static_nodes; registration with join_token and dns; or both. Admins can add workers in each.':
    '工作节点的来源：static_nodes，或用 join_token 和 dns 注册，或两者都用。管理员在任何模式下都可以添加工作节点。',
  'Whether tasks may use it; default true.': '任务是否可以使用；默认 true。',
  'Whether tasks of this type are taken; default true.': '是否接受此类型的任务；默认 true。',
  'Which database. Without it: mysql when this block is there, else sqlite in data_dir.':
    '使用哪种数据库。不填写时：有此块则为 mysql，否则为 data_dir 中的 sqlite。',
  'Which of several matches, counted from 0.': '多个匹配中的第几个，从 0 开始。',
  'Who may ask.': '谁可以访问。',
  'Who on this machine may read those copies, from now on; everything else that is stored is its user’s alone.':
    '今后本机上谁可以读取这些副本；其他数据只有运行服务器的用户可以读取。',
  'Workers by address.': '按地址列出的工作节点。',
  'Workers in the v1 layout.': 'v1 格式的工作节点。',
  'Workers in the v1 layout. Not for dynamic.': 'v1 格式的工作节点。不用于 dynamic。',
  'Workflows by name.': '按名称列出的工作流。',
  'backup workers are used only where no primary one can take the task; default primary.':
    '只有主用组都不能执行任务时才使用备用组（backup）；默认 primary。',
  'false accepts every certificate, also an attacker’s; better name a ca_file.':
    'false 接受任何证书，包括攻击者的证书；建议改为指定 ca_file。',
  'Rules for graphs: who may run what.': '节点图规则：谁可以运行什么。',
  'Roles that the rule binds; without it every role, admin too.':
    '规则约束的角色；不填写则约束所有角色，包括 admin。',
  'Projects, by id; a task without a project is not bound.': '项目 ID；没有项目的任务不受约束。',
  'Clients and users, by name or id.': '客户端和用户，按名称或 ID。',
  'Node classes that are refused.': '拒绝的节点类型。',
  'Refuses node classes that a worker declares to call a paid service (api_node).':
    '拒绝工作节点声明会调用付费服务的节点类型（api_node）。',
  'Model files that are refused, as `name` or `folder/name`.':
    '拒绝的模型文件，写作 `文件名` 或 `目录/文件名`。',
  'Named workflows that are refused.': '拒绝的命名工作流。',
  'Only these node classes; upper and lower case matter here.': '只允许这些节点类型；区分大小写。',
  'Only these model files, as `name` or `folder/name`; upper and lower case matter here.':
    '只允许这些模型文件，写作 `文件名` 或 `目录/文件名`；区分大小写。',
  'Only these named workflows; a graph without a workflow is refused.':
    '只允许这些命名工作流；没有工作流名称的节点图会被拒绝。',
  'Largest width of a node, in pixels.': '节点的最大宽度，单位为像素。',
  'Largest height of a node, in pixels.': '节点的最大高度，单位为像素。',
  'Largest width × height of a node.': '节点的宽 × 高上限。',
  'Largest batch_size of a node.': '节点的 batch_size 上限。',
  'Largest number of frames of a node: length, frames, num_frames, video_frames.':
    '节点的帧数上限：length、frames、num_frames、video_frames。',
  'Largest number of steps of a node.': '节点的步数上限。',
  'Node classes that the built-in rules then do not refuse.': '内置规则不再拒绝的节点类型。',
  'Name of the rule; a refusal names it.': '规则名称；拒绝时会说明。',
  'Whom the rule binds; without it everybody.': '规则约束谁；不填写则约束所有人。',
  'What is refused; `*` is any text, `?` one character.': '拒绝的内容；`*` 表示任意文字，`?` 表示一个字符。',
  'What alone is allowed.': '只允许的内容。',
  'Limits of the numbers written in a graph.': '节点图中数值的上限。',
  'Exceptions from the built-in rules.': '内置规则的例外。',
};
