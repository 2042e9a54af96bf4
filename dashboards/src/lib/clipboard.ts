// Copies the text of a field. Browsers offer the clipboard to pages over https only, and many hubs are reached without it.

/** Whether the browser took it. */
export async function copyFrom(field: HTMLTextAreaElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Not offered, or not allowed: the old way works on a selection.
    field.select();
    return document.execCommand("copy");
  }
}
