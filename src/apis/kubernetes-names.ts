/**
 * @module The syntax of names in Kubernetes objects, as the API server checks it (apimachinery 0.36,
 * api/validate/content and util/validation).
 */

const LONGEST_LABEL = 63;
const LONGEST_SUBDOMAIN = 253;
const LONGEST_PORT_NAME = 15;
const LABEL_TEXT = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const PORT_NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const A_LETTER = /[a-z]/;

/** Whether a text can be the key of a label: a name, or a DNS subdomain, a slash and a name. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash < 0) return isLabelText(text);
  const prefix = text.slice(0, slash);
  return prefix.length <= LONGEST_SUBDOMAIN && SUBDOMAIN.test(prefix) && isLabelText(text.slice(slash + 1));
}

/** Whether a text can be the value of a label; the empty text can. */
export function isLabelValue(text: string): boolean {
  return text === "" || isLabelText(text);
}

/** Whether a text can be the name of a namespace, or one label of a host name. */
export function isDnsLabel(text: string): boolean {
  return text.length <= LONGEST_LABEL && DNS_LABEL.test(text);
}

/** Whether a text can name a port of a container: at most 15 of a-z, 0-9 and single inner hyphens, one letter. */
export function isPortName(text: string): boolean {
  return text.length <= LONGEST_PORT_NAME && PORT_NAME.test(text) && A_LETTER.test(text);
}

function isLabelText(text: string): boolean {
  return text.length <= LONGEST_LABEL && LABEL_TEXT.test(text);
}
