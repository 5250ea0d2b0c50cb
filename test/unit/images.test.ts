import { expect } from 'chai'
import { describe, it } from 'mocha'
import { images } from '../../hack/images/programs.ts'
import { type Deployment } from '../../operator/desired/deployment.ts'
import { type CronJob } from '../../operator/desired/backup-cron-job.ts'
import { desiredObjects } from '../../operator/desired/index.ts'
import { migrationJob } from '../../operator/desired/migration-job.ts'
import { maximalSpec, pipeline } from '../support/pipelines.ts'

describe('the image of the API', () => {
  it('holds every program that the operator starts from it', () => {
    const context = { image: 'selfrag-api:test', secretsChecksum: 'abc', addresses: [] }
    const objects = desiredObjects(pipeline(maximalSpec), context)
    const templates = [
      ...objects.filter(({ kind }) => kind === 'Deployment').map(object => (object as Deployment).spec.template),
      ...objects.filter(({ kind }) => kind === 'CronJob').map(object => (object as CronJob).spec.jobTemplate.spec!.template), // prettier-ignore
      migrationJob(pipeline(), { ...context, owner: { cluster: 'c', uid: 'u' }, adopt: false }).spec.template,
    ]
    const programs = templates.map(({ spec }) => spec?.containers[0]?.command?.[1] ?? '')
    expect(programs.sort()).to.deep.equal(['api/backup', 'api/main', 'api/migrate', 'api/worker'].map(name => `dist/${name}.js`)) // prettier-ignore
    expect(images.api.entries).to.include.members(programs)
  })
})
