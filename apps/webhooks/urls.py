from django.urls import path

from apps.webhooks import views

app_name = "webhooks"

urlpatterns = [
    path("<slug:provider>/<uuid:connection_id>/", views.Receiver.as_view(), name="receive"),
    path("<slug:provider>/", views.Receiver.as_view(), name="receive_for_application"),
]
