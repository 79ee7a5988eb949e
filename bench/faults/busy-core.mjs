// Keeps one core busy until it is ended: other work on the machine, as far as a fleet can see it.
process.stdout.write('busy\n');
let sum = 0;
for (;;) sum += Math.sqrt(sum + 1);
