import { expect, test } from 'vitest'
import { findViolations } from '../../local/tools/import-rule.mjs'

const planted: [string, string][] = [
  ['functions/a.ts', "import { x } from '../lib/flows/send/drain-lane.js'"],
  ['functions/a.ts', "import { x } from '../lib/stores/azure-tables.js'"],
  ['lib/flows/send/a.ts', "import { x } from '../../stores/azure-tables.js'"],
  ['lib/flows/send/a.ts', "import { x } from '../../config.js'"],
  ['lib/stores/a.ts', "import { x } from '../transports/smtp-sender.js'"],
  ['lib/transports/a.ts', "import { x } from '../flows/send/drain-lane.js'"],
  ['lib/providers/a.ts', "import { x } from '../transports/graph-client.js'"],
  ['lib/http/a.ts', "import { x } from '../flows/admin/authenticate.js'"],
  ['lib/pages/a.ts', "import { x } from '../errors.js'"],
  ['lib/protocol/a.ts', "import { x } from '../ports/tables.js'"],
  ['lib/model/a.ts', "import { x } from '../ports/tables.js'"],
  ['lib/model/a.ts', "import { x } from '../config.js'"],
  ['lib/flows/send/a.ts', "import { x } from '../../config/settings-table.js'"],
  ['lib/config.ts', "import { x } from './log.js'"],
  ['lib/config/a.ts', "import { x } from '../config.js'"],
  ['lib/config/a.ts', "import { x } from '../model/ids.js'"],
  ['lib/config/a.ts', "const x = process.env['X']"],
  ['lib/flows/a.ts', "import { x } from '../../local/stack.js'"],
  ['functions/a.ts', "import { x } from '../test/support/x.js'"],
  ['lib/flows/a.ts', "const x = await import('../gateway.js')"],
  ['lib/flows/a.ts', "const x = process.env['X']"],
  ['lib/stores/a.ts', "import { DefaultAzureCredential } from '@azure/identity'"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the planted code holds a template
  ['lib/stores/a.ts', "client.listEntities({ queryOptions: { filter: `PartitionKey eq '${x}'` } })"],
  ['local/a.ts', "import { x } from '../test/support/x.js'"],
  ['lib/flows/send/a.ts', "deps.tables.get(deps.names.table('mails'), x, y)"],
  ['lib/gateway.ts', "names.table('mails')"],
  ['lib/rows/a.ts', "import { x } from '../flows/send/drain-lane.js'"],
  ['lib/rows/a.ts', "import { x } from '../stores/azure-tables.js'"],
  ['lib/flows/tell/a.ts', "import { x } from '../tokens/access-token.js'"],
  ['lib/flows/tokens/a.ts', "import { x } from '../send/gate.js'"],
  ['lib/flows/send/a.ts', "import { x } from '../receive/poll-mailbox.js'"],
  ['lib/flows/receive/a.ts', "import { x } from '../send/gate.js'"],
  ['lib/flows/receive/a.ts', "import { x } from '../connect/try-out.js'"],
  ['lib/flows/connect/a.ts', "import { x } from '../admin/tenants.js'"],
  ['lib/flows/admin/a.ts', "import { x } from '../ops/sweep.js'"],
]

test.each(planted)('SEC-22: the import rule catches a planted violation in %s: %s', (path, text) => {
  expect(findViolations([{ path, text }])).toHaveLength(1)
})

test.each(['import', 'import type', 'export'])('the import rule catches a circle that %s closes', (word) => {
  const files = [
    { path: 'lib/model/a.ts', text: "import { b } from './b.js'" },
    { path: 'lib/model/b.ts', text: `${word} { c } from './deep/c.js'` },
    { path: 'lib/model/deep/c.ts', text: "import { d } from '../d.js'\nimport { b } from '../b.js'" },
    { path: 'lib/model/d.ts', text: "import { x } from 'node:x'" },
  ]
  expect(findViolations(files)).toEqual([
    'lib/model/b.ts: import circle lib/model/b.ts → lib/model/deep/c.ts → lib/model/b.ts',
  ])
})

test('the import rule accepts what the architecture allows', () => {
  const files = [
    {
      path: 'functions/a.ts',
      text: "import { gateway } from '../lib/gateway.js'\nimport { json } from '../lib/http/problem.js'",
    },
    {
      path: 'lib/gateway.ts',
      text: "import { x } from './stores/azure-tables.js'\nimport { y } from '@azure/identity'",
    },
    {
      path: 'lib/config.ts',
      text: "import { GatewayError } from './errors.js'\nimport { x } from './config/a.js'\nprocess.env",
    },
    {
      path: 'lib/flows/ops/a.ts',
      text: "import { x } from '../send/gate.js'\nimport { y } from '../../rows/mails.js'",
    },
    { path: 'lib/model/a.ts', text: "import { x } from '../config/settings-table.js'" },
    { path: 'lib/flows/index.ts', text: "import { x } from './ops/sweep.js'" },
    { path: 'lib/rows/a.ts', text: "import { x } from '../model/mail.js'\nnames.table('mails')" },
    { path: 'local/main.ts', text: "import { x } from '../lib/config.js'" },
  ]
  expect(findViolations(files)).toEqual([])
})
