import { reconcileVectors } from '../../backup/reconcile-vectors.ts'
import { type Check, ok, warning } from '../check.ts'

/** Rows and points say the same. */
export const pointsCheck: Check = {
  name: 'points',
  needs: ['migrations', 'vectors', 'collections'],
  timeoutMs: () => 300_000,
  async examine({ database, vectors }) {
    const { documents, incomplete, orphans, jobs } = await reconcileVectors({ database, vectors, queue: null })
    const waiting = jobs > 0 ? `, ${jobs} jobs at work` : ''
    if (incomplete === 0 && orphans === 0) return ok(`${documents} documents, all with their points${waiting}`)
    return warning(
      `${incomplete} documents lack points, ${orphans} documents are only points${waiting}`,
      'the vector store was restored, lost or changed by somebody; or a job is at work just now',
      'selfrag maintain --only points indexes the first again and deletes the second',
    )
  },
}
