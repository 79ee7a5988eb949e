export { FakeClock, SettlingClock, settle } from './fake-clock.ts';
export { findFreePort } from './free-port.ts';
export { type HttpDouble, openHttpDouble } from './http-double.ts';
export { type Exit, Program, type ProgramOptions } from './program.ts';
