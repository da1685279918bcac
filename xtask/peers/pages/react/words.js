const days = new Intl.DateTimeFormat('en', { dateStyle: 'full' });
const times = new Intl.DateTimeFormat('en', { timeStyle: 'short' });
const numbers = new Intl.NumberFormat('en');

export const day = (at) => days.format(new Date(at));
export const time = (at) => times.format(new Date(at));
export const number = (n) => numbers.format(n);
export const clock = (ms) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;
