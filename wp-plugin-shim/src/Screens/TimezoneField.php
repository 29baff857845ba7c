<?php
/**
 * A choice of IANA time zones by continent. No bare offsets: they know no daylight saving time and Zoom takes none.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

defined('ABSPATH') || exit;

final class TimezoneField
{
    /** @param string $empty the label of "none chosen" */
    public static function print(string $name, string $selected, string $empty, bool $required): void
    {
        printf('<select name="%1$s" id="%1$s"%2$s>', esc_attr($name), $required ? ' required' : '');
        printf('<option value="">%s</option>', esc_html($empty));
        $group = '';
        foreach (\DateTimeZone::listIdentifiers() as $zone) {
            [$continent, $city] = explode('/', $zone, 2) + [1 => ''];
            if ($city !== '' && $continent !== $group) {
                echo $group === '' ? '' : '</optgroup>';
                printf('<optgroup label="%s">', esc_attr($continent));
                $group = $continent;
            } elseif ($city === '') {
                echo $group === '' ? '' : '</optgroup>';
                $group = '';
            }
            printf(
                '<option value="%s"%s>%s</option>',
                esc_attr($zone),
                selected($selected, $zone, false),
                esc_html(str_replace(['_', '/'], [' ', ' – '], $city === '' ? $zone : $city))
            );
        }
        echo ($group === '' ? '' : '</optgroup>') . '</select>';
    }
}
