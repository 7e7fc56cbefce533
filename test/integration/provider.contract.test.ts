import { providerContract } from '../support/contracts/provider-contract.js'
import { providerSubjects } from '../support/contracts/provider-subjects.js'

for (const [name, start] of Object.entries(providerSubjects)) providerContract(name, start)
