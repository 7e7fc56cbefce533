import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const holderList = apiFunction(operations.holderList, async ({ g, query }) => g.admin.findHolders(query.address))
