// A family with recordings of its own for every host, brought in as a vendor does.
import { readFile } from 'node:fs/promises';

const clips = ['kitchen-sky.opus', 'camera-thirsty.wav', 'toy-good-night.ogg'];
export const words = ['Why is the sky blue?', 'I am thirsty.', 'Good night, little bear.'];

export async function family(guardian, { api, vendorKey, demo }) {
  const authorization = `Bearer ${vendorKey}`;
  const ask = async (path, init) => {
    const answer = await fetch(api + path, { method: 'POST', ...init });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const { id } = await ask('/children', {
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ guardian, name: 'Mia' }),
  });
  for (const [at, clip] of clips.entries()) {
    const form = new FormData();
    const captured_at = new Date(Date.now() - (at + 1) * 3_600_000).toISOString().replace(/\.\d+/, '');
    const transcript = { text: words[at], language: 'en' };
    form.append('recording', JSON.stringify({ child: id, captured_at, device: 'Kitchen', transcript }));
    form.append('media', new Blob([await readFile(`${demo}/${clip}`)]), clip);
    await ask('/recordings', { headers: { authorization }, body: form });
  }
  return guardian;
}
