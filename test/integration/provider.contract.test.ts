import { providerContract } from '../support/provider-contract.js'
import { microsoftSubject } from '../support/provider-subjects.js'

providerContract('Microsoft', microsoftSubject)
