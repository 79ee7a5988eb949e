import { openSimulator } from '@comfleet/simulator';

// A simulated worker in its own process that logs nothing while it works, because logging would affect the measurement.
// node worker.mjs [OPTIONS]: options of the simulator as JSON.
const [options = '{}'] = process.argv.slice(2);
const simulator = await openSimulator({ controlPort: 0, ...JSON.parse(options) });
process.once('SIGINT', () => void simulator.close().then(() => process.exit(0)));
process.stdout.write(`worker ${simulator.url} ${simulator.controlUrl}\n`);
