import { openSimulator } from '@comfleet/simulator';

// A simulated worker as a process of its own that says nothing while it works: its words would cost time of the run.
// node worker.mjs [OPTIONS]: those of the simulator, as JSON.
const [options = '{}'] = process.argv.slice(2);
const simulator = await openSimulator({ controlPort: 0, ...JSON.parse(options) });
process.once('SIGINT', () => void simulator.close().then(() => process.exit(0)));
process.stdout.write(`worker ${simulator.url} ${simulator.controlUrl}\n`);
