// The import rule of the architecture: doors → flow, people → fleet → platform → contract; in flow calls → engine → stages.
// Packages are matched by name too, so that the rule holds before anything is built.
const pkg = (...names) => `^(packages/(${names.join('|')})/|@comfleet/(${names.join('|')})(/|$))`;
const server = 'packages/server/src';
const tests = '\\.test\\.ts$|/conformance\\.ts$';
const stages = '(workflows|tasks|queue|placement|execution|events|assets)';

/** Which packages of ours each package may import; `web` and the rest follow design order. */
const allowedPackages = {
  contract: ['contract'],
  comfyui: ['comfyui'],
  simulator: ['simulator'],
  'test-kit': ['test-kit', 'server', 'simulator'],
  sdk: ['sdk', 'contract'],
  server: ['server', 'contract', 'comfyui'],
  web: ['web', 'sdk', 'contract'],
  cli: ['cli', 'sdk', 'comfyui', 'contract', 'server', 'simulator', 'web'],
};

const packageRules = Object.entries(allowedPackages).map(([name, allowed]) => ({
  name: `package-${name}`,
  comment: `${name} may import of ours only: ${allowed.join(', ')}`,
  severity: 'error',
  from: { path: `^packages/${name}/src/`, pathNot: tests },
  to: { path: '^packages/|^@comfleet/|^comfleet(/|$)', pathNot: pkg(...allowed) },
}));

const layerRule = (from, forbidden) => ({
  name: `layer-${from}`,
  comment: `imports point one way: ${from} must not know ${forbidden.join(', ')}`,
  severity: 'error',
  from: { path: `^${server}/${from}/`, pathNot: tests },
  to: { path: `^${server}/(${forbidden.join('|')})(/|\\.ts$)` },
});

// Inside the fleet: what is known of a worker → records → watching → membership → the registry → joining, instances.
const workers = `${server}/fleet/workers`;
const fleetFloors = [
  ['(identity|inventory)', '(health|records|watching|membership|registry\\.ts|joining)'],
  ['(health|records)', '(watching|membership|registry\\.ts|joining)'],
  ['watching', '(membership|registry\\.ts|joining)'],
  ['membership', '(registry\\.ts|joining)'],
  ['registry\\.ts', 'joining'],
];
const fleetRules = fleetFloors.map(([from, above]) => ({
  name: `fleet-floors-${from}`,
  comment: `in the fleet ${from} is below ${above} and below instances`,
  severity: 'error',
  from: { path: `^${workers}/${from}(/|$)`, pathNot: tests },
  to: { path: `^${workers}/${above}(/|$)|^${server}/fleet/instances/` },
}));

const purePlaces = [
  `^${server}/flow/workflows/`,
  `^${server}/flow/placement/`,
  `^${server}/flow/tasks/transitions\\.ts$`,
  '^packages/contract/src/',
  '^packages/comfyui/src/(graphs|completion)/',
];

// Reading files is the one thing the workflow library is for; what it reads is judged by the pure files beside it.
const pureExempt = `${tests}|^${server}/flow/workflows/workflow-library\\.ts$`;

module.exports = {
  forbidden: [
    ...packageRules,
    {
      name: 'cli-loads-server-lazily',
      comment: 'the command line starts fast: server, simulator and web are imported only when they are used',
      severity: 'error',
      from: { path: '^packages/cli/src/', pathNot: tests },
      to: { path: pkg('server', 'simulator', 'web'), dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'packages-by-name',
      comment:
        'another package is imported by its name, never by a path into its folder (the test kit is its sources)',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: {
        path: '^packages/[^/]+/(src|test)/',
        pathNot: ['^packages/$1/', '^packages/test-kit/src/((server/)?index|find-english)\\.ts$'],
      },
    },
    {
      name: 'test-kit-light',
      comment:
        'clocks and programs load nothing of ours: the unit tests of every package use them; only its server/ does',
      severity: 'error',
      from: { path: '^packages/test-kit/src/(?!server/)' },
      to: { path: `^packages/test-kit/src/server/|${pkg('server', 'simulator')}` },
    },
    {
      name: 'test-kit-server-from-outside',
      comment:
        'what the running server is made of does not start it: no unit test, and nothing of the simulator',
      severity: 'error',
      from: { path: '^packages/([^/]+/src|simulator)/', pathNot: '^packages/test-kit/' },
      to: { path: '^packages/test-kit/src/server/' },
    },
    layerRule('platform', ['doors', 'flow', 'people', 'fleet', 'app', 'up', 'main']),
    layerRule('fleet', ['doors', 'flow', 'people', 'app', 'up', 'main']),
    layerRule('people', ['doors', 'flow', 'app', 'up', 'main']),
    layerRule('flow', ['doors', 'people', 'app', 'up', 'main']),
    layerRule('doors', ['app', 'up', 'main']),
    ...fleetRules,
    layerRule('flow/engine', ['flow/calls']),
    layerRule('flow/estimates', ['flow/calls', 'flow/engine']),
    layerRule(`flow/${stages}`, ['flow/calls', 'flow/engine', 'flow/estimates']),
    layerRule('flow/ownership', [`flow/${stages}`, 'flow/calls', 'flow/engine', 'flow/estimates']),
    {
      name: 'doors-through-calls',
      comment:
        'a door speaks to the services in flow/calls and to nothing below; who asks is a type of ownership/',
      severity: 'error',
      from: { path: `^${server}/doors/`, pathNot: tests },
      to: { path: `^${server}/flow/(?!calls/)`, pathNot: `^${server}/flow/ownership/actor\\.ts$` },
    },
    {
      name: 'calls-through-the-seam',
      comment: 'of the engine, and of the estimates it keeps, the calls know its interface alone',
      severity: 'error',
      from: { path: `^${server}/flow/calls/`, pathNot: tests },
      to: { path: `^${server}/flow/(engine|estimates)/`, pathNot: `^${server}/flow/engine/engine\\.ts$` },
    },
    {
      name: 'calls-apart',
      comment:
        'one service a resource: siblings do not import each other; a batch is made of tasks, so batches may import tasks',
      severity: 'error',
      from: { path: `^${server}/flow/calls/([^/]+)/`, pathNot: tests },
      to: {
        path: `^${server}/flow/calls/([^/]+)/`,
        pathNot: [`^${server}/flow/calls/$1/`, `^${server}/flow/calls/tasks/`],
      },
    },
    {
      name: 'calls-tasks-for-batches-only',
      comment: 'of the siblings in calls/ only batches may import tasks',
      severity: 'error',
      from: { path: `^${server}/flow/calls/(?!batches/|tasks/)`, pathNot: tests },
      to: { path: `^${server}/flow/calls/tasks/` },
    },
    {
      name: 'flow-has-no-loose-files',
      comment:
        'everything in flow/ has a floor, calls, engine, estimates or a stage; only the list of its tables is everyone’s',
      severity: 'error',
      from: {},
      to: { path: `^${server}/flow/[^/]+\\.ts$`, pathNot: `^${server}/flow/flow-tables\\.ts$` },
    },
    {
      name: 'doors-apart',
      comment: 'one folder per dialect: a door does not import another door',
      severity: 'error',
      from: { path: `^${server}/doors/([^/.]+)/`, pathNot: tests },
      to: { path: `^${server}/doors/([^/.]+)/`, pathNot: `^${server}/doors/$1/` },
    },
    {
      name: 'stages-apart',
      comment: 'stages of the flow do not import each other; the engine carries data between them',
      severity: 'error',
      from: { path: `^${server}/flow/${stages}/`, pathNot: tests },
      to: { path: `^${server}/flow/${stages}/`, pathNot: `^${server}/flow/($1|tasks)/` },
    },
    {
      name: 'stages-use-types-of-tasks-only',
      comment: 'of tasks/ the other stages import types, nothing that runs',
      severity: 'error',
      from: { path: `^${server}/flow/${stages}/`, pathNot: `${tests}|^${server}/flow/tasks/` },
      to: { path: `^${server}/flow/tasks/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-places',
      comment: 'decisions touch no clock, no I/O and no logger',
      severity: 'error',
      from: { path: purePlaces, pathNot: pureExempt },
      to: {
        path: `^node:(?!path$)|^(undici|ws|kysely|pg|mysql2|pino|fastify)(/|$)|^${server}/platform/(config|database|lifecycle|logging|time|process|http|metrics)/`,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'pure-places-no-core-modules',
      comment: 'decisions use nothing of Node but arithmetic on paths',
      severity: 'error',
      from: { path: purePlaces, pathNot: pureExempt },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?path$' },
    },
    {
      name: 'no-cycles',
      comment: 'two files that need each other are one file, or need a third',
      severity: 'error',
      from: { path: '^(packages|e2e|bench)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'declared',
      comment: 'a package imports only what its package.json declares',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: tests },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '(^|/)(coverage|test-data)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.tests.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
