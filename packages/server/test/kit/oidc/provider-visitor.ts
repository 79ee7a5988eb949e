/** A browser at a provider: it keeps cookies and fills in the forms of oidc-provider's development pages. */
export class ProviderVisitor {
  readonly #cookies = new Map<string, string>();

  /** Signs in at the address where Comfleet sends the browser; returns the address to which the provider sends it back. */
  async signIn(address: string, login: string): Promise<string> {
    let at = await this.#follow(address);
    while (typeof at !== 'string') {
      const body = new URLSearchParams({ prompt: at.prompt, login, password: 'anything' });
      at = await this.#follow(at.action, body);
    }
    return at;
  }

  /** Leaves the provider's form; returns the address to which the provider sends the browser back. */
  async cancel(address: string): Promise<string> {
    const at = await this.#follow(address);
    if (typeof at === 'string') return at;
    const back = await this.#follow(`${at.action}/abort`);
    if (typeof back !== 'string') throw new Error('the provider asks again');
    return back;
  }

  /** Follows redirects within the provider until there is a form, or an address elsewhere. */
  async #follow(
    address: string,
    body?: URLSearchParams,
  ): Promise<string | { action: string; prompt: string }> {
    const { origin } = new URL(address);
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(body && { method: 'POST', body }),
    });
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
    const location = response.headers.get('location');
    if (location !== null) {
      const next = new URL(location, address);
      return next.origin === origin ? this.#follow(next.href) : next.href;
    }
    return readForm(await response.text(), address);
  }

  #keep(cookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (value === '') this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

function readForm(html: string, address: string): { action: string; prompt: string } {
  const action = /<form[^>]* action="([^"]+)"/.exec(html)?.[1];
  const prompt = /name="prompt" value="([^"]+)"/.exec(html)?.[1];
  if (action === undefined || prompt === undefined)
    throw new Error(`the provider has no form: ${html.slice(-500)}`);
  return { action: new URL(action, address).href, prompt };
}
