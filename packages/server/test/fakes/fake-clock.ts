export { SettlingClock as FakeClock, settle } from '@comfleet/test-kit';
