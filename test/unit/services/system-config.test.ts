import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readSettings } from '../../../api/services/system-config.ts'

describe('stored system settings', () => {
  it('are nothing before anything was set', () => {
    for (const stored of [undefined, null, {}, 'text', []])
      expect(readSettings(stored)).to.deep.equal({ retrieval: {}, quotas: {}, models: {} })
  })

  it('keep what is understood when a newer version has written more', () => {
    const stored = {
      retrieval: { topK: 7, defaultRetriever: 'telepathy', rerank: true, mood: 'good' },
      quotas: { documents: 3, storageMb: 'much' },
      requestsPerMinute: 30,
      theme: 'dark',
    }
    expect(readSettings(stored)).to.deep.equal({
      retrieval: { topK: 7, defaultRetriever: undefined, rerank: undefined },
      quotas: { documents: 3, storageMb: undefined },
      models: {},
      requestsPerMinute: 30,
    })
    expect(readSettings({ retrieval: 5, quotas: { documents: 3 } })).to.deep.include({ quotas: { documents: 3 } })
  })
})
