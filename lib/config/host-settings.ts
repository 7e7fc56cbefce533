/**
 * App settings that the Functions host reads and our code does not. The deployment sets them; a
 * connection string in `AzureWebJobsStorage` replaces the first three on a developer's machine.
 */
export const hostSettings = [
  { name: 'AzureWebJobsStorage__blobServiceUri', description: "Blob endpoint of the host's own storage account." },
  { name: 'AzureWebJobsStorage__credential', description: '`managedidentity`: no key is kept anywhere.' },
  {
    name: 'AzureWebJobsStorage__clientId',
    description: 'Client id of the identity that the host uses for its storage.',
  },
  { name: 'MailStorage__credential', description: '`managedidentity`, for the triggers on the mail queues.' },
  { name: 'MailStorage__clientId', description: 'Client id of the identity that the triggers use.' },
  {
    name: 'AzureWebJobsDisableHomepage',
    description: "`true`: `/` never shows the host's own page, because the gateway has one.",
  },
  {
    name: 'APPLICATIONINSIGHTS_CONNECTION_STRING',
    description: 'Where log lines go. Not a secret: the component accepts lines only from identities with a role.',
  },
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', description: 'The identity under which log lines are sent.' },
] as const
