/**
 * Must be the first module loaded. The host writes one nonce per response into the page; Mantine's own style elements carry it through
 * `getStyleNonce`, and the scroll lock of dialogs reads the global that bundlers use by convention.
 */
const written = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

/** Empty when no host has inserted a nonce (the page then runs without a Content-Security-Policy). */
export const styleNonce = written === '__CSP_NONCE__' ? '' : written;

if (styleNonce !== '') (globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = styleNonce;
