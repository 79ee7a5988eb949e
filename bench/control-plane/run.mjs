import { measureControlPlane } from './measure-control-plane.mjs';

const [workers = 1000, tasks = 100000, seconds = 60, ...nodeFlags] = process.argv.slice(2);
console.log(
  JSON.stringify(
    await measureControlPlane({
      workers: Number(workers),
      tasks: Number(tasks),
      lanes: 50,
      seconds: Number(seconds),
      nodeFlags,
      tell: (l) => console.error(new Date().toISOString(), l),
    }),
    null,
    1,
  ),
);
