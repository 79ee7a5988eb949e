import { config } from 'zod';

// zod compiles its parsers with eval where it can, and tries that as the first schema is made; the page's CSP forbids
// it. So this must be the first import of what brings schemas, and nothing else of the page may.
config({ jitless: true });
