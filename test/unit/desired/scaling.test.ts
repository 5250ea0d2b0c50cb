import { expect } from 'chai'
import { describe, it } from 'mocha'
import { horizontalPodAutoscaler } from '../../../operator/desired/horizontal-pod-autoscaler.ts'
import { objectMetadata } from '../../../operator/desired/metadata.ts'
import { podDisruptionBudget } from '../../../operator/desired/pod-disruption-budget.ts'
import { pipeline } from '../../support/pipelines.ts'

describe('the HorizontalPodAutoscaler', () => {
  it('is not there unless the spec asks for it', () => {
    expect(horizontalPodAutoscaler(pipeline())).to.equal(null)
    expect(horizontalPodAutoscaler(pipeline({ api: { replicas: 3 } }))).to.equal(null)
  })

  it('scales the API between the numbers of the spec, by CPU', () => {
    const asked = pipeline({ api: { autoscaling: { minReplicas: 2, maxReplicas: 6, targetCPUUtilizationPercentage: 60 } } }) // prettier-ignore
    expect(horizontalPodAutoscaler(asked)).to.deep.equal({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: objectMetadata(asked, 'demo-api', 'api'),
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'demo-api' },
        minReplicas: 2,
        maxReplicas: 6,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
        ],
      },
    })
  })
})

describe('the PodDisruptionBudgets', () => {
  for (const component of ['api', 'worker'] as const) {
    it(`let one ${component} pod at a time go, also the only one, and broken ones always`, () => {
      for (const replicas of [0, 1, 5]) {
        const asked = pipeline({ [component]: { replicas } })
        expect(podDisruptionBudget(asked, component)).to.deep.equal({
          apiVersion: 'policy/v1',
          kind: 'PodDisruptionBudget',
          metadata: objectMetadata(asked, `demo-${component}`, component),
          spec: {
            maxUnavailable: 1,
            unhealthyPodEvictionPolicy: 'AlwaysAllow',
            selector: {
              matchLabels: {
                'app.kubernetes.io/name': 'selfrag',
                'app.kubernetes.io/instance': 'demo',
                'app.kubernetes.io/component': component,
              },
            },
          },
        })
      }
    })
  }
})
