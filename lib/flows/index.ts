/**
 * Every journey behind one door. `gateway.ts` loads it with the first call and not before: flows bring the schemas, the
 * diagnosis and the mail composer, which registering functions does not need.
 */

export { sealKeys } from '../rows/seal-keys.js'
export { adminFlows } from './admin/index.js'
export { connectFlows } from './connect/index.js'
export { opsFlows, opsOfProcess } from './ops/index.js'
export { receiveFlows } from './receive/index.js'
export { sendFlows } from './send/index.js'
export { tellFlows } from './tell/index.js'
export { tokenFlows } from './tokens/index.js'
