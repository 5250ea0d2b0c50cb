export type Unit = 'short' | 's' | 'reqps' | 'percentunit' | 'bytes'

export interface Panel {
  readonly title: string
  readonly description: string
  readonly type: 'stat' | 'timeseries' | 'table'
  /** Out of 24. */
  readonly width: number
  readonly unit?: Unit
  /** Query by legend. */
  readonly queries: Readonly<Record<string, string>>
  /** Any value above zero is shown in red. */
  readonly bad?: true
}

const HEIGHT = { stat: 4, timeseries: 8, table: 8 } as const
const WIDTH = 24
const datasource = { type: 'prometheus', uid: '${datasource}' }

/** What one dashboard is made of. */
export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly description: string
  /** Of the variable `$NAME`, by its name: a query for its values. */
  readonly variables: Readonly<Record<string, string>>
  /** Row by row: what people look for first stands first. */
  readonly rows: Readonly<Record<string, readonly Panel[]>>
}

/** Grafana's model of it, as text. Pure. */
export function renderDashboard(dashboard: Dashboard): string {
  return `${JSON.stringify(modelOf(dashboard), null, 2)}\n`
}

function modelOf({ uid, title, description, variables, rows }: Dashboard) {
  return {
    uid,
    title,
    description,
    tags: ['selfrag'],
    schemaVersion: 39,
    timezone: '',
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: variablesOf(variables) },
    panels: panels(rows),
  } // prettier-ignore
}

function variablesOf(queries: Dashboard['variables']) {
  const choice = ([name, query]: readonly [string, string]) => ({
    name,
    label: name[0]!.toUpperCase() + name.slice(1),
    type: 'query',
    datasource,
    query,
    refresh: 2,
    includeAll: true,
    allValue: '.*',
    multi: true,
    current: { text: 'All', value: '$__all' },
  })
  const source = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }
  return [source, ...Object.entries(queries).map(choice)]
}

function panels(rows: Dashboard['rows']): object[] {
  const placed: object[] = []
  let y = 0
  for (const [title, members] of Object.entries(rows)) {
    placed.push({ id: placed.length + 1, type: 'row', title, collapsed: false, gridPos: { x: 0, y: y++, w: WIDTH, h: 1 }, panels: [] }) // prettier-ignore
    let x = 0
    let height = 0
    for (const panel of members) {
      if (x + panel.width > WIDTH) {
        x = 0
        y += height
        height = 0
      }
      placed.push(panelModel(panel, placed.length + 1, { x, y, w: panel.width, h: HEIGHT[panel.type] }))
      x += panel.width
      height = Math.max(height, HEIGHT[panel.type])
    }
    y += height
  }
  return placed
}

function panelModel(panel: Panel, id: number, gridPos: object) {
  const { title, description, type } = panel
  const steps = [{ color: 'green', value: null }, ...(panel.bad ? [{ color: 'red', value: 1 }] : [])]
  return {
    id,
    title,
    description,
    type,
    gridPos,
    datasource,
    targets: Object.entries(panel.queries).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr,
      ...(legendFormat ? { legendFormat } : {}),
      ...(type === 'timeseries' ? {} : { instant: true }),
      ...(type === 'table' ? { format: 'table' } : {}),
    })),
    fieldConfig: {
      defaults: { unit: panel.unit ?? 'short', thresholds: { mode: 'absolute', steps } },
      overrides: [],
    },
    ...optionsOf(type),
  }
}

function optionsOf(type: Panel['type']): object {
  switch (type) {
    case 'stat':
      return { options: { reduceOptions: { calcs: ['lastNotNull'], values: false }, textMode: 'value_and_name' } }
    case 'timeseries':
      return { options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } } }
    case 'table': {
      const excludeByName = { Time: true, Value: true }
      return { options: {}, transformations: [{ id: 'organize', options: { excludeByName } }] }
    }
  }
}
