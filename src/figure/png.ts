import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';

const require = createRequire(import.meta.url);
const FONTS = ['400Regular/Arimo_400Regular.ttf', '700Bold/Arimo_700Bold.ttf'].map((file) =>
  require.resolve(`@expo-google-fonts/arimo/${file}`),
);

/**
 * Makes a figure into a PNG for papers, slides and READMEs: twice the size that the SVG states, on white, with the
 * Arimo font that comes with the package, so that it looks the same on every machine. Names
 * in other scripts need the fonts of the machine as well.
 */
export const svgToPng = (svg: string, { systemFonts = false }: { systemFonts?: boolean } = {}): Uint8Array => {
  const font = { loadSystemFonts: systemFonts, fontFiles: FONTS, defaultFontFamily: 'Arimo', sansSerifFamily: 'Arimo' };
  return new Resvg(svg, { background: '#fff', fitTo: { mode: 'zoom', value: 2 }, font }).render().asPng();
};
