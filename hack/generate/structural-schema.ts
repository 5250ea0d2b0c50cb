import { z } from 'zod'

/** A node of the OpenAPI v3 subset that `apiextensions.k8s.io/v1` calls structural. */
export interface StructuralSchema {
  type?: string
  description?: string
  properties?: Record<string, StructuralSchema>
  items?: StructuralSchema
  additionalProperties?: StructuralSchema
  required?: string[]
  default?: unknown
  [keyword: string]: unknown
}

/** What the API server understands, in the order in which the YAML shows it. Anything else is a fault in the zod schema. */
const keywords = [
  'description', 'type', 'format', 'enum', 'pattern', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems',
  'default', 'x-kubernetes-int-or-string', 'anyOf', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys', 'x-kubernetes-validations', 'required', 'properties', 'additionalProperties', 'items',
] // prettier-ignore

/**
 * The zod schema of a whole resource as a structural schema. apiVersion, kind and metadata are the API server's own and
 * are reduced to what `controller-gen` writes for them.
 * @throws Error naming the path of a zod construct that a CRD cannot express
 */
export function structuralSchema(resource: z.ZodType): StructuralSchema {
  const json = z.toJSONSchema(resource, { io: 'input', reused: 'inline', unrepresentable: 'any' }) as StructuralSchema
  const properties = json.properties ?? {}
  return clean(
    {
      ...json,
      required: ['spec'],
      properties: {
        apiVersion: { type: 'string', description: 'Version of this resource: selfrag.io/v1alpha1.' },
        kind: { type: 'string', description: 'Kind of this resource.' },
        metadata: { type: 'object' },
        spec: properties['spec'] ?? {},
        status: properties['status'] ?? {},
      },
    },
    '',
  )
}

function clean(schema: StructuralSchema, path: string): StructuralSchema {
  const { $schema: _, propertyNames: __, ...known } = schema
  const node = known
  dropLooseEnds(node)
  const unknown = Object.keys(node).filter(keyword => !keywords.includes(keyword))
  if (unknown.length > 0) throw new Error(`${path || 'root'}: a CRD has no keyword ${unknown.join(', ')}`)
  if (!node.type && !node['x-kubernetes-int-or-string']) throw new Error(`${path || 'root'}: has no type`)
  if (!node.description && path !== '.metadata') throw new Error(`${path || 'root'}: has no description`)
  if (node.properties) {
    const entries = Object.entries(node.properties)
    node.properties = Object.fromEntries(entries.map(([name, child]) => [name, clean(child, `${path}.${name}`)]))
  }
  if (node.items) node.items = clean(node.items, `${path}[]`)
  if (node.additionalProperties) {
    const value = { description: 'Value.', ...node.additionalProperties }
    node.additionalProperties = clean(value, `${path}{}`)
  }
  fillDefault(node)
  return Object.fromEntries(keywords.filter(key => node[key] !== undefined).map(key => [key, node[key]]))
}

/** The API server checks a default against the rules as it stands, before the defaults inside it: `{}` has to be spelled out. */
function fillDefault(node: StructuralSchema): void {
  if (node.type !== 'object' || node.default === undefined || !node.properties) return
  const inner = Object.entries(node.properties).filter(([, child]) => child.default !== undefined)
  node.default = { ...Object.fromEntries(inner.map(([name, child]) => [name, child.default])), ...node.default }
}

/** What zod says that is either implied in a CRD or said in another way there. */
function dropLooseEnds(node: StructuralSchema): void {
  // Unknown fields are refused by the API server's own field validation, and pruned where that is off.
  const extra = node.additionalProperties as unknown
  if (extra === false || (extra && Object.keys(extra).length === 0)) delete node.additionalProperties
  if (node.properties && Object.keys(node.properties).length === 0) delete node.properties
  if (node['minimum'] === Number.MIN_SAFE_INTEGER) delete node['minimum']
  if (node['maximum'] === Number.MAX_SAFE_INTEGER) delete node['maximum']
  if (node['x-kubernetes-int-or-string']) {
    node['anyOf'] = [{ type: 'integer' }, { type: 'string' }]
    delete node.type
  }
}
