from django.db import migrations


class Migration(migrations.Migration):
    """Apart from the copy before it: PostgreSQL alters no table while rows that point at it are being written."""

    dependencies = [
        ('mappings', '0006_seat_users'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='seat',
            name='ats_user_id',
        ),
    ]
