/**
 * For a queue trigger: the message's text as it lies there. Without it the library parses every text that is JSON
 * before the function sees it, and of a key given twice the last would count (H6).
 */
export const asBytes: object = { dataType: 'binary' }
