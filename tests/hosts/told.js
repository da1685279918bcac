/** What the test reads of an event: ` fmn-keep 2027-11-22`. @param {CustomEvent} event */
export const told = ({ type, detail }) => ` ${type} ${detail?.state ?? detail?.until ?? detail?.reason ?? ''}`;
