/** @file A race to try the lens on: its start list, and photos drawn on this device. Nothing is known of them but what is read in them. Thread: page. */
import type { Entrant, RaceEvent } from '../../contracts/race.ts';
import { m } from '../../paraglide/messages.js';
import { dayText } from '../../state/day.ts';
import { DEMO_SCENES, type DrawnScene } from './demo-scenes.ts';
import { drawScene } from './draw-scene.ts';

export const DEMO_ID = 'demo-race';
const DEMO_FOLDER = 'mekiki-demo-race';
const START_HOUR = 8;

/** As of a start list; the last number of the photos is not on it. */
export const DEMO_ENTRANTS: readonly Omit<Entrant, 'id' | 'eventId'>[] = [
  entrant('77', 'Ada Okafor', 'Women 40', 'Harbour Runners', 'A'),
  entrant('352', '高橋 徹', '男子 30', '', 'A'),
  entrant('355', '中村 亮', '男子 30', '', 'A'),
  entrant('561', '森 空', '男子 20', '山手ランナーズ', 'A'),
  entrant('845', 'Sora Lindqvist', 'Men 20', '', 'B'),
  entrant('846', 'Jonas Weber', 'Men 40', 'TV Neustadt', 'B'),
  entrant('930', 'Luca Ferri', 'Men 40', '', 'B'),
  entrant('1118', 'Adaeze Obi', 'Women 20', 'Harbour Runners', 'B'),
  entrant('1207', 'Nina Bergström', 'Women 30', '', 'B'),
  entrant('1270', '小川 未来', '女子 30', '', 'B'),
  entrant('1502', 'Mateo Ruiz', 'Men 50', '', 'C'),
  entrant('1520', 'Oliver Grant', 'Men 30', '', 'C'),
  entrant('2014', '佐藤 芽衣', '女子 20', '山手ランナーズ', 'C'),
  entrant('2041', 'Klara Novak', 'Women 20', '', 'C'),
];

/** The demo's race as it is made new. */
export function demoEvent(nowMs: number): RaceEvent {
  return {
    ...{ id: DEMO_ID, name: m.bib_demo_name(), day: dayText(nowMs), parentId: null },
    format: { prefixes: [], minDigits: 2, maxDigits: 4, waveColours: [] },
    ...{ utcOffsetMinutes: -new Date(nowMs).getTimezoneOffset(), updatedAtMs: nowMs },
  };
}

/**
 * Draw what is not drawn yet into the browser's own file system, where it stays after a reload.
 * @param onDrawn how many of how many are there.
 * @returns the folder.
 */
export async function drawDemoFolder(
  { day }: Pick<RaceEvent, 'day'>,
  onDrawn: (done: number, total: number) => void,
): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(DEMO_FOLDER, { create: true });
  const startAtMs = Date.parse(`${day}T00:00:00Z`) + START_HOUR * 3_600_000;
  for (const [index, scene] of DEMO_SCENES.entries()) {
    await drawInto(folder, scene, startAtMs);
    onDrawn(index + 1, DEMO_SCENES.length);
  }
  return folder;
}

/** The drawn photos go. */
export async function removeDemoFolder(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  // Not there: nothing to do.
  await root.removeEntry(DEMO_FOLDER, { recursive: true }).catch(() => {});
}

async function drawInto(root: FileSystemDirectoryHandle, scene: DrawnScene, startAtMs: number): Promise<void> {
  const [folderName = '', fileName = ''] = scene.file.split('/');
  const folder = await root.getDirectoryHandle(folderName, { create: true });
  const handle = await folder.getFileHandle(fileName, { create: true });
  if ((await handle.getFile()).size > 0) return;
  const picture = await drawScene(scene, startAtMs);
  const stream = await handle.createWritable();
  await stream.write(picture);
  await stream.close();
}

function entrant(bib: string, name: string, category: string, team: string, wave: string): Omit<Entrant, 'id' | 'eventId'> {
  return { bib, name, category, team, wave };
}
