export { FakeClock as ManualClock } from '@comfleet/test-kit';
