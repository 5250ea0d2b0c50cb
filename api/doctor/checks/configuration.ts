import { type Check, ok, warning } from '../check.ts'

/** What is allowed, and yet probably not meant. Faults end the doctor before any check. */
export const configurationCheck: Check = {
  name: 'configuration',
  async examine({ configuration: c }) {
    const doubts: string[] = []
    if (!c.ADMIN_TOKEN) doubts.push('ADMIN_TOKEN is not set, so /admin answers nobody')
    if (c.REDIS_URL && c.RATE_LIMIT_STORAGE === 'memory') doubts.push('RATE_LIMIT_STORAGE is memory although there is a REDIS_URL: every replica counts for itself') // prettier-ignore
    if (c.ENVIRONMENT === 'production' && c.DEBUG) doubts.push('DEBUG is on in production')
    if (c.ENVIRONMENT === 'production' && c.CORS_ORIGINS.includes('*')) doubts.push('CORS_ORIGINS is * in production: every web page may call with a key that it has') // prettier-ignore
    if (c.ENVIRONMENT !== 'production') doubts.push(`ENVIRONMENT is ${c.ENVIRONMENT}: example secrets are not refused`)
    const about = `${c.ENVIRONMENT}, vectors in ${c.VECTOR_ENGINE}, embeddings by ${c.EMBEDDING_PROVIDER}, answers by ${c.LLM_PROVIDER}` // prettier-ignore
    if (doubts.length === 0) return ok(about)
    return warning(about, doubts.join('; '), 'set them as docs/reference/configuration.md says, if that is not meant')
  },
}
