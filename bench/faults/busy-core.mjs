// Keeps one core busy until it is killed, to simulate other work on the machine.
process.stdout.write('busy\n');
let sum = 0;
for (;;) sum += Math.sqrt(sum + 1);
