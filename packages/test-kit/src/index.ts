export { ApiDocument, type SeenResponse } from './api-document.ts';
export { type Certificate, type CertificateOptions, createCertificate } from './certificate.ts';
export { FakeClock, SettlingClock, settle } from './fake-clock.ts';
export { type EnglishOptions, findEnglish } from './find-english.ts';
export { findFreePort } from './free-port.ts';
export {
  demandAuthorization,
  type Gateway,
  type GatewayResponse,
  openGateway,
} from './gateway.ts';
export { type HttpDouble, openHttpDouble } from './http-double.ts';
export { type Exit, Program, type ProgramOptions } from './program.ts';
