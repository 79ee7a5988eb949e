export { FakeClock, SettlingClock, settle } from './fake-clock.ts';
export { findFreePort } from './free-port.ts';
export { type Exit, Program, type ProgramOptions } from './program.ts';
