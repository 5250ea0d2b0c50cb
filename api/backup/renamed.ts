/** The name of a collection or alias under another prefix: `demo_shared_g1` → `verify_shared_g1`. Pure. */
export function renamed(name: string, from: string, to: string): string {
  return name.startsWith(`${from}_`) ? `${to}${name.slice(from.length)}` : name
}
