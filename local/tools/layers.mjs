/**
 * The layers of the code: what each holds and may import. `import-rule.mjs` enforces it, docs/architecture.md shows it.
 */
const adapters = ['ports', 'model', 'protocol', 'diagnosis', 'errors', 'secret']

/**
 * Journeys of `flows/`, the lowest first: one imports itself and those of lower levels. `flows/index.ts`, by which the
 * gateway loads them, is above all.
 */
export const journeyLevels = [['tell'], ['tokens'], ['send', 'receive'], ['connect', 'admin'], ['ops']]

/** `*` is all of lib; `config/` is the folder, which unlike the file `config` never reads the environment. */
export const layers = {
  functions: {
    holds: 'one trigger per file, at most 40 lines, file name = function name',
    imports: ['api-function', 'queue-function', 'gateway', 'http', 'pages', 'log', 'errors', 'model'],
  },
  gateway: {
    holds:
      'the only place that wires things together; loads journeys with the first call, adapters with the first mailbox',
    imports: ['*'],
  },
  'api-function': { holds: 'one operation of the API as a function', imports: ['gateway', 'http'] },
  'queue-function': { holds: 'what a queue starts, as a function', imports: ['gateway', 'http', 'model'] },
  flows: {
    holds: 'the product, one folder per journey, one file per step',
    imports: ['flows', 'rows', 'model', 'ports', 'protocol', 'diagnosis', 'errors', 'log', 'secret'],
  },
  rows: {
    holds:
      'what is stored, one file per stored thing: its key, its columns, reading, conditional writing; never a flow',
    imports: ['rows', 'ports', 'model', 'protocol', 'errors', 'log', 'secret'],
  },
  providers: {
    holds: 'how authority is gained, one file per provider; never another adapter, never a flow',
    imports: ['providers', ...adapters],
  },
  transports: {
    holds: 'how mail moves: Graph, IMAP, SMTP; never another adapter, never a flow',
    imports: ['transports', ...adapters, 'peer-session'],
  },
  stores: {
    holds: 'tables, blobs, queues and vault, one SDK each; never another adapter, never a flow',
    imports: ['stores', ...adapters],
  },
  http: {
    holds: 'request in, response out',
    imports: ['http', 'errors', 'model', 'log', 'protocol', 'pages', 'secret'],
  },
  pages: { holds: 'server-rendered HTML', imports: ['pages', 'model', 'diagnosis'] },
  protocol: { holds: 'pure bytes and grammar', imports: ['protocol', 'errors', 'model', 'secret'] },
  model: { holds: 'types, states, pure rules', imports: ['model', 'errors', 'config/'] },
  ports: {
    holds: 'interfaces the flows need; the same, loaded at first use',
    imports: ['ports', 'model', 'config/', 'errors', 'secret', 'log'],
  },
  diagnosis: { holds: 'the error catalogue as data, and its matcher', imports: ['diagnosis', 'model', 'errors'] },
  config: { holds: 'reads the settings of the process', imports: ['config/', 'errors'] },
  'config/': { holds: 'the settings table and what follows from a row', imports: ['config/', 'errors'] },
  'last-net': {
    holds: 'what nothing caught ends one connection or the process',
    imports: ['errors', 'log', 'peer-session'],
  },
  'peer-session': { holds: 'whose socket a fault belongs to', imports: [] },
  'stop-work': {
    holds: 'the platform takes the instance away: one signal, and what waits for the work in hand',
    imports: [],
  },
  'app-hooks': { holds: "the platform's own signal, handed on", imports: ['stop-work'] },
  log: { holds: 'one JSON line per event', imports: ['errors', 'model'] },
  secret: { holds: 'a value that never prints itself', imports: [] },
  errors: { holds: 'the one family of errors', imports: [] },
}

const singleFiles = [
  'gateway',
  'api-function',
  'queue-function',
  'config',
  'last-net',
  'peer-session',
  'stop-work',
  'app-hooks',
  'log',
  'secret',
  'errors',
]

/** Markdown rows for docs/architecture.md, in the order above. */
export function layerTable() {
  const pathOf = (layer) => {
    if (layer === 'functions') return '`functions/`'
    if (singleFiles.includes(layer)) return `\`lib/${layer}.ts\``
    return `\`lib/${layer.replace(/\/$/, '')}/\``
  }
  const namesOf = (layer, imports) => {
    const others = imports.filter((name) => name !== layer)
    if (others.includes('*')) return 'all of `lib`'
    return others.length === 0 ? 'nothing' : others.map((name) => `\`${name}\``).join(', ')
  }
  return [
    '| folder or file | holds | may import, beside its own |',
    '|---|---|---|',
    ...Object.entries(layers).map(
      ([layer, { holds, imports }]) => `| ${pathOf(layer)} | ${holds} | ${namesOf(layer, imports)} |`,
    ),
    '| `local/` | the gateway on one machine: host, emulators, demo, tools | all of `lib`, never `test/` |',
    '| `infra/` | Bicep of a deployment, alert queries, workbook; `settings.json` is generated | |',
  ].join('\n')
}
