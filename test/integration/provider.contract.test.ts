import { providerContract } from '../support/contracts/provider-contract.js'
import { microsoftSubject } from '../support/contracts/provider-subjects.js'

providerContract('Microsoft', microsoftSubject)
