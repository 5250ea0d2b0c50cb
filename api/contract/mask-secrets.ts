/** What can be told to be a secret by its form, and as much of it as may be shown. */
const forms: readonly (readonly [RegExp, string])[] = [
  // An API key of ours: the part that lists show as well.
  [/\b(kb_sk_[A-Za-z0-9_-]{6})[A-Za-z0-9_-]{10,}/g, '$1…'],
  // Secrets of webhooks, and keys of most model providers.
  [/\b(whsec_|sk-)[A-Za-z0-9+/=_-]{12,}/g, '$1…'],
  [/\b(Bearer) +[A-Za-z0-9._~+/=-]{8,}/gi, '$1 …'],
  // The password in a URL.
  [/(:\/\/[^\s:/@"\\]*):[^\s/@"\\]+@/g, '$1:…@'],
]

/** A text without the secrets that can be told by their form: the last sieve before a line of the log or an error goes out. Pure. */
export function maskSecrets(text: string): string {
  return forms.reduce((masked, [form, shown]) => masked.replace(form, shown), text)
}
