/** Secrets shown in documents and tutorials, hence public. */
const SAMPLES = new Set([
  'your-secret-key',
  'your_secret_key',
  'your-secret-key-here',
  'your_password',
  'your-password',
  'your_username',
  'secret',
  'secret_key',
  'secret-key',
  'changeme',
  'change-me',
  'change_me',
  'password',
  'admin',
  'root',
  'test',
  '123456',
]);

const SHORTEST_KEY = 32;

/** True for a secret copied from a document. */
export function isSampleSecret(secret: string): boolean {
  return SAMPLES.has(secret.trim().toLowerCase());
}

/** True for a signing key that is a sample or too short. */
export function isWeakSecret(secret: string): boolean {
  return isSampleSecret(secret) || secret.length < SHORTEST_KEY;
}

/** True for names and addresses that are reachable from this machine only. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}
