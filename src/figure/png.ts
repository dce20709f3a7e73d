import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';

const require = createRequire(import.meta.url);
const FONTS = ['400Regular/Arimo_400Regular.ttf', '700Bold/Arimo_700Bold.ttf'].map((file) =>
  require.resolve(`@expo-google-fonts/arimo/${file}`),
);

/**
 * Makes a figure into a PNG for papers, slides and READMEs: on white, with the Arimo font that comes with the package,
 * so that it looks the same on every machine. `width` is in pixels; without it, twice the size the SVG states.
 */
export const svgToPng = (svg: string, { width }: { width?: number } = {}): Uint8Array =>
  new Resvg(svg, {
    background: '#fff',
    fitTo: width === undefined ? { mode: 'zoom', value: 2 } : { mode: 'width', value: width },
    font: { loadSystemFonts: false, fontFiles: FONTS, defaultFontFamily: 'Arimo', sansSerifFamily: 'Arimo' },
  })
    .render()
    .asPng();
