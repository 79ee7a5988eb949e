import { describeMachine, formatTable } from '../page.mjs';

/** The section of the page. @param {import('./measure-rate-limits.mjs').RateLimitCost} measured @param {{ date: string, load: string }} circumstances */
export function formatRateLimits(measured, { date, load }) {
  const { requests, rounds, takeNs, freeUs, countedUs, refusedUs } = measured;
  const row = (/** @type {string} */ what, /** @type {number} */ us) => [what, us, (us / freeUs).toFixed(2)];
  return `## Rate limits

Written by \`npm run bench -- rate-limits\` on ${date}: ${describeMachine()}; ${load}.
Processor time of the server's main thread for one small request (\`GET /api/v2/auth/me\`), 8 in flight; the median of ${rounds} rounds of
${requests} requests of each kind, which alternate. One count in memory, of a key among 100,000, takes ${takeNs} ns.

${formatTable(
  ['request', 'µs', 'ratio'],
  [
    row('without a limit', freeUs),
    row('under a limit that is not reached', countedUs),
    row('refused by its limit', refusedUs),
  ],
)}`;
}
