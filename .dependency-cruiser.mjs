/** Who may import whom (hack/adr/0001-the-house.md). */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

export default {
  forbidden: [
    forbid('no-circular', 'a cycle hides which of its members is the lower one', {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }), // prettier-ignore
    forbid('no-orphans', 'a file that nothing imports is dead, or an entry that should be listed here', { orphan: true, pathNot: ['(main|worker|standalone|migrate|backup|restore|selfrag|rbac)\\.ts$', '\\.d\\.ts$'] }, {}), // prettier-ignore
    forbid('api-knows-no-operator', 'the API runs without Kubernetes', { path: '^api/' }, { path: '^operator/' }),
    forbid('operator-imports', 'the operator shares the contract and the provisioning code, nothing else', { path: '^operator/' }, { path: '^api/', pathNot: '^api/(contract|provisioning|stores)/' }), // prettier-ignore
    forbid('operator-stores', 'only the place that opens connections knows which store it opens', { path: '^operator/', pathNot: '^operator/(main|connections)\\.ts$' }, { path: '^api/stores/', dependencyTypesNot: ['type-only'] }), // prettier-ignore
    forbid('crds-imports', 'a resource is made of the contract', { path: '^crds/' }, { path: '^(api|operator)/', pathNot: '^api/contract/' }), // prettier-ignore
    forbid('contract-is-pure', 'no client, no other layer', { path: '^api/contract/' }, { path: '^(api|operator|crds)/', pathNot: '^api/contract/' }), // prettier-ignore
    forbid('pure-parts-use-no-client', 'decide here, act in apply/', { path: '^(api/contract|operator/(desired|plan))/' }, { path: '^(node:(?!crypto)|node_modules/(pg|knex|ioredis|openai|ollama|@qdrant|@kubernetes|express)/)', dependencyTypesNot: ['type-only'] }), // prettier-ignore
    forbid('stores-and-providers-are-low', 'they import nothing above them', { path: '^api/(stores|providers)/' }, { path: '^(api|operator|crds)/', pathNot: '^api/(stores|providers|contract)/' }), // prettier-ignore
    forbid('express-stops-at-http', 'services do not know HTTP', { path: '^api/(?!http/)' , pathNot: '^api/(main|standalone)\\.ts$' }, { path: 'node_modules/express/' }), // prettier-ignore
    forbid('runtime-knows-no-domain', 'operator/runtime could serve another operator', { path: '^operator/runtime/' }, { path: '^(api|crds|operator/(?!runtime))/' }), // prettier-ignore
    forbid('no-tests-in-product', 'tests import the product, not the other way', { path: '^(api|operator|crds)/' }, { path: '^(test|hack)/' }), // prettier-ignore
    forbid('no-dev-dependencies', 'the images install production dependencies only', { path: '^(api|operator|crds)/' }, { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] }), // prettier-ignore
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
