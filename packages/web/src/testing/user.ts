import { type ByRoleMatcher, fireEvent, within } from '@testing-library/dom';
import { flushPromises } from '@vue/test-utils';

type Name = string | RegExp;

/** What somebody sees and does who knows a page by the roles and names of its parts, as a screen reader says them. */
export class User {
  readonly #root: HTMLElement;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Looks at one part of the page alone. */
  within(part: HTMLElement): User {
    return new User(part);
  }

  /** The only part with this role and name. Throws when there is none, or more. */
  sees<Part extends HTMLElement = HTMLElement>(role: ByRoleMatcher, name?: Name): Part {
    return within(this.#root).getByRole<Part>(role, name === undefined ? {} : { name });
  }

  /** All parts with this role and name. */
  seesAll(role: ByRoleMatcher, name?: Name): HTMLElement[] {
    return within(this.#root).queryAllByRole(role, name === undefined ? {} : { name });
  }

  /** Presses a button, or another part that is named. */
  async presses(name: Name, role: ByRoleMatcher = 'button'): Promise<void> {
    this.sees(role, name).click();
    await flushPromises();
  }

  /** Writes into a field in place of what is there. */
  async writes(field: string, text: string): Promise<void> {
    fireEvent.input(this.#fieldOf(field), { target: { value: text } });
    await flushPromises();
  }

  /** What stands in a field. */
  reads(field: string): string {
    return this.#fieldOf(field).value;
  }

  async hits(part: Element, key: KeyboardEventInit): Promise<void> {
    fireEvent.keyDown(part, key);
    await flushPromises();
  }

  #fieldOf(field: string): HTMLInputElement {
    return within(this.#root).getByLabelText<HTMLInputElement>(field, { selector: 'input, textarea' });
  }
}

/** Whoever looks at the whole page. */
export const user = new User(document.body);

/** Whether a button can be pressed, and what is said about it. */
export function readButton(name: Name): { enabled: boolean; why: string } {
  const button = user.sees<HTMLButtonElement>('button', name);
  const why = document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent ?? '';
  return { enabled: !button.disabled, why };
}
