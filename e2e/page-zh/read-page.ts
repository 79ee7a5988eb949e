import type { Page } from 'playwright-core';

/** All text of a page, including that for screen readers, one line each; without code and tracebacks, which are not translated. */
export function readPage(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const SHOWN_AS_IT_IS = 'pre, code, script, style, svg, .who, .file';
    const texts: string[] = [];
    for (const element of document.querySelectorAll('body *')) {
      if (element.closest(SHOWN_AS_IT_IS) !== null) continue;
      for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
        texts.push(element.getAttribute(name) ?? '');
      }
      const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
      texts.push(own.map((node) => node.textContent ?? '').join(' '));
    }
    return texts.map((text) => text.replace(/\s+/g, ' ').trim()).filter((text) => text !== '');
  });
}
