/** Chinese descriptions of the configuration's keys, by their English description. For docs/reference/config.zh-CN.md. */
export const DESCRIPTIONS_ZH: Readonly<Record<string, string>> = {
  'The HTTP server.': 'HTTP 服务器。',
  'How many requests a minute are answered; further ones get 429 with Retry-After.':
    '每分钟应答的请求数；超出的请求返回 429 和 Retry-After。',
  'Requests a minute without valid credentials, from one address (IPv6: one /64 network).':
    '同一地址（IPv6 为同一 /64 网络）每分钟不带有效凭据的请求数。',
  'Requests a minute of one client that registered itself, without an admin.':
    '未经管理员、自行注册的每个客户端每分钟的请求数。',
  'Requests a minute of one client that an admin made or invited.':
    '由管理员创建或邀请的每个客户端每分钟的请求数。',
  'Requests a minute of one user.': '每个用户每分钟的请求数。',
  'Tasks accepted on a day; a batch counts each of its tasks, a retry counts nothing.':
    '每天接受的任务数；批次按其中每个任务计数，重试不计。',
  'Tasks that are kept, ended ones included.': '保留的任务数，包括已结束的。',
  'Tasks waiting at one time. Default: limits.waiting_per_client.':
    '同时排队的任务数。默认为 limits.waiting_per_client。',
  'Tasks on workers at one time; more wait.': '同时在工作节点上的任务数；超出的排队。',
  'Bytes uploaded on a day.': '每天上传的字节数。',
  'Bytes of uploads and results together. When they are reached, uploads and new tasks are refused.':
    '上传与结果合计的字节数。达到后拒绝上传和新任务。',
  'Of each user.': '每个用户的配额。',
  'Of each client.': '每个客户端的配额。',
  'Tasks accepted on a day from a client that registered itself.': '自行注册的客户端每天可提交的任务数。',
  'Of each client that registered itself, without an admin; what is absent is that of client.':
    '未经管理员、自行注册的客户端的配额；未写的项与 client 相同。',
  'Of each project, for the tasks of all its members together.': '每个项目的配额，所有成员的任务合并计算。',
  'What each user, client and project may use; exceptions are set at run time.':
    '每个用户、客户端和项目的用量上限；例外在运行时设置。',
  'How long entries of the audit log are kept; 365 days.': '审计日志的保留时间（秒）；默认 365 天。',
  'Address to listen on. Only loopback unless changed.': '监听地址。默认只监听本机。',
  'Port to listen on; 0 takes a free one.': '监听端口；0 表示使用任意空闲端口。',
  'Time zone that decides where a day begins, for quotas and statistics: Europe/Berlin, UTC … Default: that of the machine.':
    '配额和统计按此时区划分日期，例如 Asia/Shanghai、UTC。默认使用本机的时区。',
  'How long a browser stays signed in after its last visit, in minutes.':
    '浏览器最后一次访问后，登录状态保持的时间（分钟）。',
  'Seconds after which the first waiting task of a client that has started none is raised by one priority.':
    '客户端超过此秒数没有任务开始时，其排在最前的任务提高一级优先级。',
  'A database server instead of the SQLite file.': '用数据库服务器代替 SQLite 文件。',
  'A disabled worker accepts no tasks.': '已停用的工作节点不接任务。',
  'Seconds without progress after which a running prompt counts as hung and its task moves to another worker; default: never.':
    '运行中的任务超过此秒数没有进展即视为卡死，并移到其他工作节点；默认永不。',
  'A single ComfyUI, and the folders of its files.': '单个 ComfyUI，以及目录。',
  'A task that requires labels is placed only on workers that have them all.':
    '指定标签的任务只分配给具备全部标签的工作节点。',
  'What happens to a task with paid nodes that was sent and may have run: ask a user before it is sent again, or allow that as for any other task.':
    '含付费节点的任务已发送且可能已运行时：ask 先询问用户再重新发送，allow 与其他任务一样直接重试。',
  'After a fault of its worker a task moves to another one.': '工作节点出现故障时，任务移到其他工作节点。',
  'Address that a started ComfyUI listens on; loopback only, as it has no login.':
    '由 Comfleet 启动的 ComfyUI 的监听地址；没有登录保护，因此只能是本机。',
  'Address of its ComfyUI, including the path if a proxy serves it under one: `https://host/comfy`.':
    '其 ComfyUI 的地址；位于反向代理的某个路径下时包括该路径：`https://host/comfy`。',
  'UDP port to listen on for signed datagrams of workers, usually 8189. Off by default; read at the start.':
    '另外在此端口接收工作节点签名的 UDP 数据报，通常为 8189。不填写则关闭；启动时读取。',
  'Who may register a client: anyone who reaches the server (open), anyone with an invitation (invite), or only admins (admin, the default).':
    '谁可以注册客户端：任何能访问服务器的人（open）、持有邀请的人（invite），或仅管理员（admin，默认）。',
  'true means registration: open, false means registration: admin; registration takes precedence.':
    'true 等于 registration: open，false 等于 registration: admin；以 registration 为准。',
  'Additional information to show: location, gpu_model …': '其他要显示的信息：location、gpu_model 等。',
  'Attempts after the first one.': '第一次执行之后的重试次数。',
  'Which certificates are accepted.': '接受哪些证书。',
  'Traditional Chinese (Taiwan); default: as zh.': '繁体中文（台湾）；不填写则同 zh。',
  'Chinese.': '中文。',
  'How tasks are placed on workers.': '如何选择工作节点。',
  'Class of the graph node.': '节点类型。',
  'ComfyUI processes that Comfleet starts itself.': '由 Comfleet 启动的 ComfyUI 进程。',
  'Database name.': '数据库名称。',
  'Database number.': '数据库编号。',
  'Deepest nesting of a JSON body.': 'JSON 请求正文的最大嵌套层数。',
  'How long ended tasks and their events are kept; 90 days.': '已结束的任务及其事件；默认 90 天。',
  'English.': '英文。',
  'Failed checks in a row after which it counts as offline; default 3.':
    '连续多少次检查失败后视为离线；默认 3。',
  'Finds the graph node by class, title or role; instead of node_id.':
    '按节点类型、标题或角色查找节点；用来代替 node_id。',
  'Folder of a ComfyUI to start and supervise.': '要启动并监视的 ComfyUI 的目录。',
  'Folder that holds all stored data.': '保存所有数据的目录。',
  'Folder whose files image parameters may name; default data_dir/input.':
    '图片参数可以引用此目录中的文件；默认 data_dir/input。',
  'Description shown to users.': '给用户看的说明。',
  'For the strategy priority_based: 10 is preferred; default metadata.priority, else 5.':
    '用于 priority_based：优先使用 10；默认取 metadata.priority，否则为 5。',
  'For the strategy weighted: twice the weight, twice as many tasks; default 1.':
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
  'Host names accepted in the Host header, in addition to the server’s own address and public_url.':
    '除自身地址和 public_url 外，Host 请求头中可接受的主机名。',
  'Host of a single ComfyUI; default 127.0.0.1.': '单个 ComfyUI 的主机；默认 127.0.0.1。',
  'Host of its ComfyUI.': '其 ComfyUI 的主机。',
  'How a worker is chosen.': '选择工作节点的策略。',
  'Seconds that a start may take.': '启动的最长时间（秒）。',
  'How long a task may be overtaken in this way, in seconds.': '任务这样被插队的最长时间（秒）。',
  'Seconds that a worker may be offline before its running tasks move to another one. If its port refuses connections, its process has ended, and they move at once.':
    '工作节点离线多少秒后，其运行中的任务移到其他工作节点；端口拒绝连接表示进程已结束，任务立即移走。',
  'How long data is kept.': '各类数据的保留时间。',
  'How many times warm tasks may overtake a task that needs a model load.':
    '模型已加载的任务最多可以插队多少次（相对于需要加载模型的任务）。',
  'Seconds between two records that a process responds; 0 for never.':
    '每隔多少秒记录一次进程有响应；0 表示不记录。',
  'Folder for the files of each instance; default data_dir/instances.':
    '各实例自己的目录；默认 data_dir/instances。',
  'The value is a model file. If no worker has the default, one of this kind is used, recognized by its header or else by its name.':
    '该参数是模型文件：工作节点都没有默认模型时，改用同类模型，类别由文件头判断，否则由名称判断。',
  'Its input.': '该节点的输入。',
  'Its port; default 8188.': '其端口；默认 8188。',
  'Largest total size of the JSON bodies of all requests in progress, at most half of it for one client; further large ones must wait.':
    '所有尚未响应的请求的 JSON 正文合计，单个客户端最多占一半；超出的大请求会被要求等待。',
  'Kind of value; without it, the kind of the value in the graph.': '值的类型；不填写则按节点图中的值判断。',
  'Largest JSON body.': 'JSON 请求正文的最大字节数。',
  'Largest body with a graph.': '含节点图的请求正文的最大字节数。',
  'Largest file that any API accepts.': '任何接口上传文件的最大字节数。',
  'Largest number of connections.': '最大连接数。',
  'Largest number.': '最大值。',
  'Largest picture that the native API accepts.': '原生接口上传图片的最大字节数。',
  'Largest result file. A larger one is left out with a warning; if the task has no other result, it fails.':
    '结果文件的最大字节数；超过的文件不包含在结果中并给出警告，没有其他文件时任务失败。',
  'Address of the provider, exactly as it names itself; its metadata are at /.well-known/openid-configuration below it.':
    '提供方的地址，须与其自己的名称完全一致；其元数据位于该地址下的 /.well-known/openid-configuration。',
  'Id of Comfleet at the provider.': 'Comfleet 在提供方处的 ID。',
  'Secret of Comfleet at the provider: the text, or `env: NAME`, or `file: PATH`. Without it, Comfleet is a public client.':
    'Comfleet 在提供方处的密钥：文本本身，或 `env: NAME`，或 `file: PATH`。不填写时 Comfleet 是公开客户端。',
  'Name of the provider on the sign-in page: Sign in with …': '提供方在登录页上的名称：通过 … 登录。',
  'Scopes that are requested; openid must be one.': '请求的范围；必须包含 openid。',
  'Rules that give users their role at each sign-in; the first that matches counts.':
    '每次登录时决定用户角色的规则；以第一条匹配的为准。',
  'Role of users whom no rule matches; refused keeps them out.':
    '没有规则匹配时的角色；refused 表示拒绝登录。',
  'Whether the first sign-in creates a user. Otherwise an admin links users: comfleet users link.':
    '首次登录时是否创建用户。否则由管理员关联用户：comfleet users link。',
  'How long each request to the provider may take, in seconds.': '对提供方的每个请求的时限（秒）。',
  'How long a browser stays signed in through the provider, in minutes; visits do not extend it. Roles are read again at the next sign-in.':
    '浏览器通过提供方登录后的有效期（分钟）；访问不会延长。角色在下次登录时重新读取。',
  'Name of a claim of the ID token or of the user info; dots lead into objects: realm_access.roles. email counts only with email_verified.':
    'ID 令牌或用户信息中的声明名称；用点号进入对象：realm_access.roles。email 仅在 email_verified 为真时有效。',
  'Value that the claim is, or that its list contains.': '声明的值，或其列表中包含的值。',
  'Role of users with it; refused keeps them out.': '符合者的角色；refused 表示拒绝登录。',
  'Sign-in through an OpenID Connect provider.': '通过 OpenID Connect 提供方登录。',
  'Lifetime of a token, in minutes.': '令牌的有效期（分钟）。',
  'Limits.': '各项上限。',
  'Folder for the logs of started ComfyUIs; default data_dir/logs.':
    '由 Comfleet 启动的 ComfyUI 的日志；默认 data_dir/logs。',
  'Longest text, in characters.': '文本的最大字符数。',
  'Largest total size of the results of a task. A file that does not fit is left out with a warning; if the task has no other result, it fails. 0 means no limit.':
    '一个任务全部结果的最大总字节数；放不下的文件不包含在结果中并给出警告，没有其他文件时任务失败。0 表示不限。',
  'Maximum number of items of one list, or members of one object, in a JSON body.':
    'JSON 请求正文中一个列表或对象的最大项数。',
  'Maximum number of nodes of a submitted graph.': '提交的节点图的最大节点数。',
  'Maximum number of problems of a submission that a response lists; it also reports their total.':
    '响应中最多列出多少处问题；总数另行给出。',
  'Maximum number of results of a task; the rest is left out with a warning. null allows up to 25,000.':
    '一个任务的最大结果数；其余不包含在结果中并给出警告。null 表示不限，最多 25,000。',
  'Maximum number of running tasks of this type on all workers together; null, the default, means no limit.':
    '此类型的任务在所有工作节点上合计的最大并发数；默认 null，不限。',
  'Maximum number of tasks sent to it at a time.': '同时发送给它的最大任务数。',
  'Maximum number of values in a JSON body: items of its lists and members of its objects, all together.':
    'JSON 请求正文的最大值个数：所有列表项和对象成员合计。',
  'Display name.': '显示名称。',
  'Name in forms.': '表单中的名称。',
  'Name of the worker; unique.': '工作节点的名称，不能重复。',
  'Name; default: its host and port.': '名称；默认为主机和端口。',
  'Named workflows by task type.': '按任务类型列出的命名工作流。',
  'Names of number parameters.': '数字参数的名称。',
  'DNS names that resolve to workers. Not for static.': '指向工作节点的 DNS 名称。不用于 static。',
  'Numbers must be a multiple of this.': '数字须为此值的倍数。',
  'Maximum number of open event streams of one client.': '一个客户端可打开的事件流数量。',
  'Origins of other web pages that may use the API (CORS) and open the live socket, for example https://studio.example.':
    '除自身页面外，可以使用 API（CORS）和打开实时连接的网页来源（Origin），例如 https://studio.example。',
  'Addresses or networks of proxies in front, for example 10.0.0.0/8. Only from these the X-Forwarded headers are read: the address of the client, and whether it came by HTTPS.':
    '前置代理的地址或网段，例如 10.0.0.0/8。只采信来自它们的 X-Forwarded 请求头：客户端地址，以及是否通过 HTTPS 访问。',
  'PEM file of the CA, or of the certificate itself, to trust instead of the system’s CAs.':
    '要信任的机构证书或证书本身（PEM），代替系统的证书。',
  'Password.': '密码。',
  'Port of every ComfyUI; not used for SRV.': '每个 ComfyUI 的端口；SRV 不使用。',
  'Port of its ComfyUI.': '其 ComfyUI 的端口。',
  'Port.': '端口。',
  'Port; default 3306 for mysql, 5432 for postgres.': '端口；mysql 默认 3306，postgres 默认 5432。',
  'Ports for started ComfyUIs.': '由 Comfleet 启动的 ComfyUI 使用的端口范围。',
  'Preview method requested with each prompt, if the worker supports that (from ComfyUI 0.5.0), whatever its command line says; default leaves it to the worker.':
    '随任务请求的预览方式，工作节点支持时（ComfyUI 0.5.0 起）生效，与其命令行无关；default 由工作节点决定。',
  'Priority of its tasks that request none; 10 runs first; default 5.':
    '未指定优先级的任务的优先级，10 最先；默认 5。',
  "Python to run it with; default: the folder's own, else python3.":
    '使用的 Python；默认为该目录自带的，否则为 python3。',
  'A queue on Redis. Not implemented yet: the embedded queue is used, with a warning.':
    '基于 Redis 的队列。尚未实现：使用内置队列并给出警告。',
  'Whether requests need a token. Can be false only on loopback; every request then acts as the local client.':
    '请求需要令牌。只有仅监听本机时才能关闭：此时所有请求都视为本机客户端。',
  'How long result files are kept; null keeps them until they are deleted.':
    '结果文件；null 表示保留到手动删除。',
  'Round the product to the nearest whole number.': '乘积四舍五入为整数。',
  'SQLite: the file; default data_dir/comfleet.db.': 'SQLite 的文件；默认 data_dir/comfleet.db。',
  'SRV gives hosts and ports, and its priority the group; A and AAAA give addresses.':
    'SRV 提供主机和端口，其优先级决定分组；A 和 AAAA 提供地址。',
  'Samplers that keep their seed and prompt when there is no parameter_mapping.':
    '没有 parameter_mapping 时，保留自身种子和提示词的采样器。',
  'Seconds that a check may take; default 2 for an idle worker, 10 for a busy one.':
    '一次检查的最长秒数；空闲的工作节点默认 2，忙碌的默认 10。',
  'Seconds between checks; default 5.': '两次检查之间的秒数；默认 5。',
  'Seconds between two DNS queries.': '两次 DNS 查询之间的秒数。',
  'Seconds between two announcements of a registered worker.': '已注册的工作节点两次上报之间的秒数。',
  'Seconds between two queries of what a worker can run: node classes and model files.':
    '两次获取工作节点的节点类型和模型文件之间的秒数。',
  'Seconds that a run may go without progress: from 0.001; 0 means no limit. timeout_seconds of a workflow or a task limits the whole run instead.':
    '运行可以没有进展的秒数，最小 0.001；0 表示不限。工作流或任务的 timeout_seconds 改为限制整个运行时间。',
  'Seconds that a worker without a DNS record stays, draining, before it leaves the fleet.':
    '没有 DNS 记录的工作节点在排空状态下保留多少秒后移出集群。',
  'Seconds that the whole run of a task may take, waiting excluded: from 0.001; 0 means no limit. Default: comfyui.timeout applies.':
    '任务整个运行的最长秒数，不含排队，最小 0.001；0 表示不限。不填写则使用 comfyui.timeout。',
  'Seconds without a response after which a busy worker counts as offline; default 30.':
    '忙碌的工作节点多少秒没有响应后视为离线；默认 30。',
  'Seconds after which a worker that neither announces itself nor responds leaves the fleet.':
    '既不上报也不响应多少秒后移出集群。',
  'Server.': '服务器。',
  'Shared secret with which workers register themselves, at least 32 characters. Not for static.':
    '工作节点自行注册使用的共享密钥，至少 32 个字符。不用于 static。',
  'Key that signs links. Default: a random one, generated once and kept in data_dir/secrets.json.':
    '用于签名链接。不填写则生成一次随机密钥，保存在 data_dir/secrets.json 中。',
  'Smallest number.': '最小值。',
  'Task types it accepts; empty means all.': '可执行的任务类型；空表示全部。',
  'That input.': '该输入。',
  'The address that users open if a proxy stands in front; absolute links are built from it.':
    '前面有反向代理时，用户访问的地址；绝对链接由它生成。',
  "The author's label; quote it, as YAML reads 1.10 as 1.1.":
    '作者标注的版本；请加引号，否则 YAML 会把 1.10 读成 1.1。',
  'The graph in API format.': 'API 格式的节点图。',
  'Largest total size of the graphs of all tasks of a batch.': '一个批次中所有任务的节点图合计的字节数。',
  'The lowest level that is written.': '写入的最低级别。',
  'The log.': '日志。',
  'The login for its proxy; `https://user:password@host` in url means the same.':
    '其反向代理要求的登录信息；url 中写成 `https://user:password@host` 效果相同。',
  'The name to resolve.': '要查询的名称。',
  'The allowed values.': '只允许这些值。',
  'The parameters, in the order in which a form shows them.': '参数，按表单中的显示顺序。',
  'The request must have a value.': '请求必须提供值。',
  'The text node that a sampler uses as positive or negative prompt.':
    '采样器用作正向或反向提示词的文本节点。',
  'The value is the product of other parameters.': '值为其他参数的乘积。',
  'Title by language.': '多种语言的标题。',
  'Title of the graph node, as in _meta.title.': '节点的标题，即 _meta.title。',
  'How long uploads that no task uses are kept; 7 days.': '没有任务使用的上传文件；默认 7 天。',
  'Used when a request names no workflow.': '请求未指定工作流时使用。',
  'Used when the request has no value.': '请求未提供值时使用。',
  'User.': '用户。',
  'Maximum number of waiting tasks of one client; more are refused with 429.':
    '一个客户端排队中的任务数；超出时以 429 拒绝。',
  'What accepted tasks survive with SQLite: a power loss (power), or only a crash of the process (process, faster).':
    '使用 SQLite 时，已接受的任务能承受什么：断电（power），或仅进程结束（process，更快）。',
  'What it generates.': '生成什么。',
  'What happens to unknown parameters of a request: refused (strict, the default), accepted with a warning (lenient), or ignored (allow).':
    '请求中的未知参数如何处理：拒绝（strict，默认）、警告（lenient）或忽略（allow）。',
  'When a worker counts as offline.': '何时视工作节点为离线。',
  'Folder for readable copies of results; default data_dir/outputs.':
    '结果的可读副本存放的位置；默认 data_dir/outputs。',
  'Where workers come from: static_nodes; registration with join_token, and dns; or both. Admins can add workers in every mode.':
    '工作节点的来源：static_nodes，或用 join_token 和 dns 注册，或两者都用。管理员在任何模式下都可以添加工作节点。',
  'Whether tasks may use it; default true.': '任务是否可以使用；默认 true。',
  'Whether tasks of this type are accepted; default true.': '是否接受此类型的任务；默认 true。',
  'Which database. Default: mysql if this block is present, else sqlite in data_dir.':
    '使用哪种数据库。不填写时：有此块则为 mysql，否则为 data_dir 中的 sqlite。',
  'Which of several matching nodes, counted from 0.': '多个匹配中的第几个，从 0 开始。',
  'Who may use the server.': '谁可以访问。',
  'Who on this machine may read new copies of results; all other stored data can be read only by the user that runs the server.':
    '今后本机上谁可以读取这些副本；其他数据只有运行服务器的用户可以读取。',
  'Workers by address.': '按地址列出的工作节点。',
  'Workers in the v1 layout.': 'v1 格式的工作节点。',
  'Workers in the v1 layout. Not for dynamic.': 'v1 格式的工作节点。不用于 dynamic。',
  'Workflows by name.': '按名称列出的工作流。',
  'backup workers are used only when no primary one can run the task; default primary.':
    '只有主用组都不能执行任务时才使用备用组（backup）；默认 primary。',
  'false accepts any certificate, even an attacker’s; prefer ca_file.':
    'false 接受任何证书，包括攻击者的证书；建议改为指定 ca_file。',
  'Rules for graphs: who may run what.': '节点图规则：谁可以运行什么。',
  'Roles to which the rule applies; default: every role, admin included.':
    '规则约束的角色；不填写则约束所有角色，包括 admin。',
  'Projects, by name or id (for `lift` by id); the rule does not apply to tasks without a project.':
    '项目的名称或 ID（`lift` 只认 ID）；没有项目的任务不受约束。',
  'Clients and users, by name or id.': '客户端和用户，按名称或 ID。',
  'Node classes that are refused.': '拒绝的节点类型。',
  'Refuses node classes that a worker declares to call a paid service (api_node).':
    '拒绝工作节点声明会调用付费服务的节点类型（api_node）。',
  'Model files that are refused, as `name` or `folder/name`.':
    '拒绝的模型文件，写作 `文件名` 或 `目录/文件名`。',
  'Named workflows that are refused.': '拒绝的命名工作流。',
  'Only these node classes; case-sensitive.': '只允许这些节点类型；区分大小写。',
  'Only these model files, as `name` or `folder/name`; case-sensitive.':
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
  'Node classes that the built-in rules no longer refuse.': '内置规则不再拒绝的节点类型。',
  'Name of the rule; a refusal names it.': '规则名称；拒绝时会说明。',
  'To whom the rule applies; default: everyone.': '规则约束谁；不填写则约束所有人。',
  'What is refused; `*` matches any text, `?` one character.':
    '拒绝的内容；`*` 表示任意文字，`?` 表示一个字符。',
  'What is allowed; everything else is refused.': '只允许的内容。',
  'Limits on the numbers written in a graph.': '节点图中数值的上限。',
  'Exceptions from the built-in rules.': '内置规则的例外。',
};
