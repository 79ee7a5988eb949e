const HIDDEN = '(hidden)';

/** Names under which nothing may be shown: api_key_comfy_org, token, client_secret, authorization, … */
const SECRET_NAME = /(^|[_-])(api_?key|token|secret|password|passwd|authorization|cookie)([_-]|$)/i;

/** The same where a text writes a name and its value: `token=…`, `"api_key": "…"`. */
const NAMED_IN_TEXT = /((?:api[_-]?key|token|secret|password|passwd)[\w-]*"?\s*[=:]\s*"?)[^\s"'&,;]{4,}/gi;
const FLAG_IN_TEXT = /(--[\w-]*(?:key|token|secret|password)\s+)[^\s"'-][^\s"']*/gi;
const SIGNATURE = /([?&](?:signature|sig)=)[^&\s"]+/gi;
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
const OWN_TOKEN = /\bcft_[\w-]{8,}/g;
const URL_PASSWORD = /(\/\/[^\s:/@]+:)[^\s/@]+@/g;

/** A copy of a value fit to be handed to others: what looks like a secret, by name or by form, is hidden. */
export function hideSecrets(value: unknown): unknown {
  if (typeof value === 'string') return hideInText(value);
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET_NAME.test(name) && inner !== null ? HIDDEN : hideSecrets(inner),
    ]),
  );
}

function hideInText(text: string): string {
  return text
    .replace(BEARER, `$1 ${HIDDEN}`)
    .replace(OWN_TOKEN, HIDDEN)
    .replace(URL_PASSWORD, `$1${HIDDEN}@`)
    .replace(SIGNATURE, `$1${HIDDEN}`)
    .replace(NAMED_IN_TEXT, `$1${HIDDEN}`)
    .replace(FLAG_IN_TEXT, `$1${HIDDEN}`);
}
