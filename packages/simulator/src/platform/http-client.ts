/** The platform's HTTP client, for programs of this package that call a server. */
export const sendRequest: typeof fetch = (input, init) => fetch(input, init);
