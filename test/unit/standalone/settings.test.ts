import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readSettings } from '../../../api/standalone/settings.ts'

const project = join(import.meta.dirname, '../../..')

describe('what npm start is told', () => {
  it('indexes the documentation of the project, or a folder that is named from where it was called', () => {
    const documentation = (env: Record<string, string>) => readSettings(env, project, '/home/ann').documentation
    expect(documentation({})).to.deep.equal({ root: project, paths: ['README.md', 'docs'] })
    expect(documentation({ SELFRAG_DOCS: '' })).to.deep.equal(documentation({}))
    expect(documentation({ SELFRAG_DOCS: 'notes' })).to.deep.equal({ root: '/home/ann/notes', paths: ['.'] })
  })
})
